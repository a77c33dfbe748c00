"""COCO with VOC's classes: label files drawn from the outlines of objects."""

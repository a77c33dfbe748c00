"""Scoring detections as COCO does, and showing the result."""

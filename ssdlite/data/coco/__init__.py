"""COCO's files: reading, checking, downloading."""

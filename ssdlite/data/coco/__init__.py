"""COCO's files: reading, checking."""

"""Score detections as COCO does, and report the result."""

"""Large pictures in overlapping tiles, so that a detector with a small input finds small objects."""

"""User-supplied folders of images and labels: what is in them, and which split it belongs to."""

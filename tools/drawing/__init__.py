"""Pictures and plots: boxes, label maps, sheets of images, curves."""

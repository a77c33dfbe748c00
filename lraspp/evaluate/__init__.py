"""Score label maps as Cityscapes does, and report the result."""

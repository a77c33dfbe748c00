"""`mnv3 bench task=lraspp`: comparisons with torchvision's segmenter and cityscapesscripts."""

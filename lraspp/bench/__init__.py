"""What `mnv3 bench task=lraspp` measures, beside torchvision's segmenter and cityscapesscripts."""

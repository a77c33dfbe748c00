"""`mnv3 bench task=ssdlite`: comparisons with torchvision's detector."""

"""What `mnv3 bench task=ssdlite` measures, beside torchvision's detector."""

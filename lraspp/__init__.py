"""Lite R-ASPP segmentation: heads, losses, Cityscapes data and scores."""

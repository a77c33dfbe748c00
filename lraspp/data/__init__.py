"""Frames with label maps: the known data sets, augmentation, batches, a cache of decoded frames."""

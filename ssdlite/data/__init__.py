"""COCO data: reading and checking the JSON, augmentation, batches of fixed shapes, the known data sets."""

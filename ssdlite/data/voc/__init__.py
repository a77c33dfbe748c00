"""PASCAL VOC's boxes: one XML file per image."""

"""`streets`: street scenes drawn by a seeded generator, written once, in the formats of COCO and Cityscapes."""

from tools.streets.cityscapes import ensure_cityscapes
from tools.streets.coco import ensure_coco

__all__ = ["ensure_cityscapes", "ensure_coco"]

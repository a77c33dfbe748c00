"""`streets`: street scenes drawn by a seeded generator, stored in the formats of COCO and Cityscapes."""

from mnv3.tools.streets.cityscapes import ensure_cityscapes
from mnv3.tools.streets.coco import ensure_coco

__all__ = ["ensure_cityscapes", "ensure_coco"]

"""Label formats of user-supplied folders: one file each, which returns the same `Labels`.

The parsers are our own: `globox` (pandas, no splits, no polygons, skips nothing and names no line), `supervision`
(OpenCV, SciPy; COCO, YOLO and VOC alone) and `datumaro` (dozens of dependencies) neither cover these formats together
nor report what is wrong where.
"""

"""Label formats of user-supplied folders: one file each, which returns the same `Labels`.

The parsers are our own, because no light library covers these formats and reports what is wrong where: `globox` reads
most of them, but drops polygons without a word and knows no splits; `supervision` (SciPy, PyAV) reads COCO, YOLO and
VOC alone; `datumaro` brings OpenCV, pandas and PyArrow. On boxes, ours and globox's agree.
"""

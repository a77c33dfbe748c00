"""Which of COCO's categories are VOC's classes, as in torchvision's references/segmentation/coco_utils.py."""

CATEGORIES = {
    5: "airplane",
    2: "bicycle",
    16: "bird",
    9: "boat",
    44: "bottle",
    6: "bus",
    3: "car",
    17: "cat",
    62: "chair",
    21: "cow",
    67: "dining table",
    18: "dog",
    19: "horse",
    4: "motorcycle",
    1: "person",
    64: "potted plant",
    20: "sheep",
    63: "couch",
    7: "train",
    72: "tv",
}
"""COCO's id and name of VOC's classes 1 to 20, in VOC's order."""

INDEX = {category: index for index, category in enumerate(CATEGORIES, start=1)}
"""COCO's id -> VOC's class; all other pixels are background, 0."""

"""The classes of a street scene: one table, with their ids in both annotation formats."""

# Cityscapes label ids (cityscapesscripts.helpers.labels), by name.
LABEL_IDS = {
    "unlabeled": 0,
    "ego vehicle": 1,
    "static": 4,
    "dynamic": 5,
    "road": 7,
    "sidewalk": 8,
    "parking": 9,
    "rail track": 10,
    "building": 11,
    "wall": 12,
    "fence": 13,
    "pole": 17,
    "traffic light": 19,
    "traffic sign": 20,
    "vegetation": 21,
    "terrain": 22,
    "sky": 23,
    "person": 24,
    "rider": 25,
    "car": 26,
    "truck": 27,
    "bus": 28,
    "train": 31,
    "motorcycle": 32,
    "bicycle": 33,
}

# Labels from this one up are countable things, with instance ids of label * 1000 + number.
FIRST_INSTANCE_LABEL = 24

# COCO category ids (instances_val2017.json), with the supercategory, by name.
COCO_CATEGORIES = {
    "person": (1, "person"),
    "bicycle": (2, "vehicle"),
    "car": (3, "vehicle"),
    "motorcycle": (4, "vehicle"),
    "bus": (6, "vehicle"),
    "truck": (8, "vehicle"),
    "traffic light": (10, "outdoor"),
    "stop sign": (13, "outdoor"),
}

"""Label formats of user-supplied folders of masks: label files in ids or colours, and outlines, which are drawn."""

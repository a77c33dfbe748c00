"""Label files and the classes that their values mean."""

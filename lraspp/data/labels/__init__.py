"""Label files, and the classes of their values."""

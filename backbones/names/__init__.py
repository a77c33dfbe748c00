"""Other projects' names of the same weights."""

"""Data sets of any task: download, loading, checks."""

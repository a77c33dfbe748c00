"""Data sets of any task: downloads, batches, and what a check reports."""

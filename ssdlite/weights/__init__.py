"""The detector from a file: a checkpoint, or another project's weights."""

"""The segmenter from a file: a checkpoint, or another project's weights."""

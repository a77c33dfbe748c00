"""Load a segmenter from a checkpoint or another project's weights."""

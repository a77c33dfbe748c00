"""Load a detector from a checkpoint or another project's weights."""

"""The segmenter: backbone, heads, losses, label maps."""

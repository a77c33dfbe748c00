"""The segmenter: backbone, heads, losses, from logits to label maps."""

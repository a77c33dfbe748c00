"""The detector: anchors, heads, losses, post-processing."""

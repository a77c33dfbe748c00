"""The detector: anchors, heads, losses, from logits to boxes."""

"""The paper's tables, and what of ours stands beside them."""

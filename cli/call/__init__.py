"""A call's arguments before Hydra: what they mean, and what is wrong with them."""

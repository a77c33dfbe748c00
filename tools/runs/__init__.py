"""Run folders and W&B runs: finding, reading and evaluating them."""

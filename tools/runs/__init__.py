"""Run folders and W&B runs: finding, reading, scoring them."""

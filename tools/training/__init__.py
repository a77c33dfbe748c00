"""Training with Lightning: the loop, checkpoints, schedules, progress."""

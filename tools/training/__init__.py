"""Training by Lightning: the loop, checkpoints, schedules, progress."""

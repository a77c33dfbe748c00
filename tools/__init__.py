"""What both tasks share; nothing here names a task."""

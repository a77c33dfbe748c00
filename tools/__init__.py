"""Instruments both tasks use; they know no task."""

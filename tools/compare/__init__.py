"""Runs side by side: figures, what differs in their configurations, curves, samples; nothing here knows a task."""

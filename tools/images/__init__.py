"""Image files: reading them fast and whole, and writing label maps."""

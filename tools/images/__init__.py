"""Image files: reading them quickly, and writing label maps."""

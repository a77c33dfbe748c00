"""What runs an exported file."""

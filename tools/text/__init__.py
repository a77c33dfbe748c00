"""Text output: consoles, safe printing, and formatting of values and lists."""

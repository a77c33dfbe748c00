"""Words and characters: what is printed, and how values and lists are put into sentences."""

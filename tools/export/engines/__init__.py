"""Export engines: one row each in `table`, one module each that packs, reads and runs its files."""

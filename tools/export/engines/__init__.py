"""Export engines: a row each in `table`, a module each that packs, reads and runs its files."""

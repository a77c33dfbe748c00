"""The machine: memory, processes, precision, signals, and installed software."""

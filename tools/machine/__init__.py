"""The machine: memory, processes, arithmetic, signals, and what is installed."""

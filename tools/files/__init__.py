"""Writing files and folders: whole or not at all, one process at a time, never over the user's."""

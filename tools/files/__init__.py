"""Files and folders that are written: whole or not at all, one process at a time, never over another's."""

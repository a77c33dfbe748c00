"""Hydra configuration: groups as YAML, their types and meanings beside it (schema.py lists them)."""

"""Hydra configuration: groups as YAML, their types in schema.py."""

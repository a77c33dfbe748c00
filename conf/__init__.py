"""Hydra configuration: groups as YAML files; types and meanings of keys as dataclasses (listed in schema.py)."""

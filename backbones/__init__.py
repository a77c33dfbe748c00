"""Backbones as tables of layers, edits of tables, and the network that builds any table."""

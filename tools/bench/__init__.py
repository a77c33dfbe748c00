"""Measurements: contestants in processes of their own, rounds, reports."""

"""The Python interface: what `import mnv3` offers."""

"""The package: links to the folders beside it, so that only the name `mnv3` is installed."""

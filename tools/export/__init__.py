"""Networks as files for other engines: built, described, checked, quantised, run."""

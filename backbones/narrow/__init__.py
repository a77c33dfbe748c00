"""The narrow tail of RF2 from the weights of the full one."""

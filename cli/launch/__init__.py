"""How jobs start, on this machine or a cluster, and how they end."""

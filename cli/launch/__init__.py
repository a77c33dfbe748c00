"""Start and end of jobs, on this machine or a cluster."""

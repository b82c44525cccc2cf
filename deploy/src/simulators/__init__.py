"""Stand-ins for the outside world on one machine: each a process of its own that keeps its own records."""

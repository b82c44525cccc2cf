"""A year of 100,000 members on the running platform: what emerges from incidence and the plan's rules."""

"""Synthetic rosters for demonstrations, tests and measurements."""

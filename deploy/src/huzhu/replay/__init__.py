"""Replaying the logs from position 1, and comparing what comes out with what the services show."""

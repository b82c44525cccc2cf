"""What leaves claims, and what falls due: pictures to be read, deadlines of claims, files whose time is over."""

from claims.workers.deadlines import SWEEPS
from claims.workers.reading import BACKGROUND, WORKERS

__all__ = ["BACKGROUND", "SWEEPS", "WORKERS"]

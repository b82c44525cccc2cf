"""What leaves claims, and what falls due: pictures to be read, deadlines of claims, files whose time is over."""

from claims.workers.deadlines import SWEEPS
from claims.workers.forgetting import forget
from claims.workers.reading import BACKGROUND as READING
from claims.workers.reading import WORKERS

BACKGROUND = (*READING, forget)

__all__ = ["BACKGROUND", "SWEEPS", "WORKERS"]

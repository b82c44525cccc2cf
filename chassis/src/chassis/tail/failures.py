"""Whether a failure is the world's (wait and try again) or the event's (park it), and how it may be written down."""

from __future__ import annotations

import socket
import traceback

import asyncpg
import httpx
import nats.errors
import sqlalchemy.exc

from chassis.broker import ApiRefused
from chassis.decider import Rejected
from chassis.execute import Contended
from chassis.log import CheckpointMoved, LogClosed
from chassis.log.writer import QueueFull
from chassis.projections import CheckpointLost

AWAY: tuple[type[Exception], ...] = (
    ConnectionError,
    TimeoutError,
    socket.gaierror,
    nats.errors.Error,
    ApiRefused,
    httpx.HTTPError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
    CheckpointMoved,
    CheckpointLost,
    Contended,
    LogClosed,
    QueueFull,
)
"""Nothing is wrong with the event: Postgres, NATS or a neighbour is away or busy."""


def is_away(error: Exception) -> bool:
    """Whether trying again later may help. A plain OSError is what a connection to several addresses raises."""
    if isinstance(error, AWAY) or type(error) is OSError:
        return True
    # SQLAlchemy wraps what the driver raised, once or twice.
    inner: BaseException | None = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else None
    while inner is not None:
        if isinstance(inner, AWAY):
            return True
        inner = inner.__cause__
    return False


def described(error: Exception) -> str:
    """The error without its message, which may carry personal data: its class, its code, where it was raised."""
    code = f" {error.code}" if isinstance(error, Rejected) else ""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{code}{where}"

"""The road in: another service's events, in order, every effect once."""

from chassis.tail.fence import Fence
from chassis.tail.reactions import Reaction, Reactions
from chassis.tail.reader import Reader, Silent
from chassis.tail.readmodels import ReadModels
from chassis.tail.source import SourceLog
from chassis.tail.tail import Sink, SourceWentBack, Tail, TailStatus

__all__ = [
    "Fence",
    "Reaction",
    "Reactions",
    "ReadModels",
    "Reader",
    "Silent",
    "Sink",
    "SourceLog",
    "SourceWentBack",
    "Tail",
    "TailStatus",
]

"""How much processor time the processes of a machine have used, by name, from /proc."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

PROC = Path("/proc")
NAME_FROM, PARENT_AT, TIMES_AT = 2, 1, slice(11, 15)
"""Of what follows the name in /proc/<pid>/stat: the parent, and own and waited-for user and system time."""


def cpu_seconds(root_pid: int) -> dict[str, float]:
    """Seconds of a process and all below it, by the name of the program or service; what has ended counts above it."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            parents[int(folder.name)] = int(fields[PARENT_AT])
            ticks[int(folder.name)] = sum(int(field) for field in fields[TIMES_AT])
    found: dict[str, float] = defaultdict(float)
    for pid in parents:
        if _is_below(pid, root_pid, parents):
            found[_name(pid)] += ticks[pid] / os.sysconf("SC_CLK_TCK")
    return {name: round(seconds, 1) for name, seconds in sorted(found.items())}


def _is_below(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid and pid != root:
        pid = parents.get(pid, 0)
    return pid == root


def _name(pid: int) -> str:
    """The module that a Python runs, else the program."""
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "ended"
    if "-m" in words:
        return words[words.index("-m") + 1].removesuffix(".main")
    return Path(words[0].split(":")[0]).name or "ended"

"""A recording of the append path by py-spy, for whoever makes it faster."""

import subprocess
import sys
import sysconfig
from collections import Counter
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.load import Job, Written
from bench.peers import HERE
from bench.runs import Bench, RunFailed
from bench.server import Cluster
from bench.stores import OURS

SAMPLES_PER_S = 250
GRACE_S = 60.0
HEAVIEST = 25


def record(folder: Path, out: Path, seconds: float, concurrency: int, console: Console) -> None:
    """Write `append.speedscope.json` and `append.raw.txt` (one line a stack), and print the heaviest frames."""
    out.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(folder / "home")
    try:
        cluster.start()
        bench = Bench(cluster, folder)
        for form, name in (("speedscope", "append.speedscope.json"), ("raw", "append.raw.txt")):
            with bench.target(OURS) as target:
                job = Job(store=OURS.name, role="write", target=target, concurrency=concurrency, seconds=seconds)
                written = _record(job, form, out / name)
            console.print(f"{out / name}: {written.events / written.seconds:,.0f} events/s while recorded")
    finally:
        cluster.destroy()
    console.print(_heaviest(out / "append.raw.txt"))


def _record(job: Job, form: str, path: Path) -> Written:
    py_spy = Path(sysconfig.get_path("scripts")) / "py-spy"
    child = [sys.executable, "-m", "bench.child", msgspec.json.encode(job).decode()]
    done = subprocess.run(
        [str(py_spy), "record", "--rate", str(SAMPLES_PER_S), "--format", form, "--output", str(path), "--", *child],
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        timeout=job.seconds + GRACE_S,
        check=False,
    )
    results = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not results:
        raise RunFailed(done.stderr.strip()[-2000:])
    return msgspec.json.decode(results[-1], type=Written)


def _heaviest(raw: Path) -> Table:
    """Own time by frame: the last frame of every stack."""
    own: Counter[str] = Counter()
    for line in raw.read_text(encoding="utf-8").splitlines():
        stack, _, count = line.rpartition(" ")
        own[stack.rpartition(";")[2]] += int(count)
    total = max(own.total(), 1)
    table = Table(title="Own time in the append path")
    table.add_column("share", justify="right")
    table.add_column("frame")
    for frame, samples in own.most_common(HEAVIEST):
        table.add_row(f"{samples / total:.1%}", frame)
    return table

"""The supervisor of one machine: starts everything in order, restarts what falls, stops it all in reverse."""

import asyncio
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

from chassis.clock import real_now, utc_text
from huzhu.runner import broker, issuer, roles
from huzhu.runner.home import Home
from huzhu.runner.machine import PROGRAMS, SERVICES, SIMULATORS, Machine, Program
from huzhu.runner.nats import Nats
from huzhu.runner.postgres import Postgres
from huzhu.runner.process import StartFailed, spawn, stop

WATCH_INTERVAL_S = 0.2
RESTART_DELAY_S_FIRST = 0.5
RESTART_DELAY_S_MAX = 30.0
RESTARTS_MAX = 20  # in a row; a child that has run for RESTART_CALM_S starts counting afresh
RESTART_CALM_S = 10.0
STOP_TIMEOUT_S = 20.0
LOG_BYTES_MAX = 20 * 1024 * 1024
LOG_COPIES = 2
LOG_CHECK_INTERVAL_S = 5.0
TOKEN_RENEWAL_INTERVAL_S = 3 * 3_600.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopping(BaseException):
    """A signal asked the supervisor to stop; raised wherever it was."""


@dataclass
class Running:
    """One program of the table and the process that runs it now."""

    program: Program
    child: subprocess.Popen[bytes] | None = None
    state: str = "waiting"  # waiting | running | restarting | failed | missing
    started_at: float = 0.0
    restarts: int = 0
    due_at: float = 0.0


class Supervisor:
    """Everything that `huzhu up` starts."""

    def __init__(self, home: Home) -> None:
        """Describe the machine; servers given by `HUZHU_POSTGRES_URL` or `HUZHU_NATS_URL` are used as they are."""
        self.home = home
        self.postgres = None if os.environ.get("HUZHU_POSTGRES_URL") else Postgres(home.root)
        self.nats: Nats | None = None
        self.running = [Running(program) for program in PROGRAMS]
        self.machine: Machine | None = None
        self.started_at = utc_text(real_now())
        self.phase = "starting"
        self.written: dict[str, Any] | None = None

    def start(self) -> None:
        """Start the servers, apply roles and streams, then each stage of the table."""
        self.write_state("starting Postgres")
        admin_url = self.postgres.start() if self.postgres else os.environ["HUZHU_POSTGRES_URL"]
        password = self.home.password
        self.write_state("preparing databases")
        asyncio.run(self._apply_roles(admin_url))
        self.write_state("starting NATS")
        nats_url = os.environ.get("HUZHU_NATS_URL")
        if not nats_url:
            self.nats = Nats(self.home.root, broker.authorization(lambda user: password(f"nats-{user}")))
            nats_url = self.nats.start()
        self.machine = Machine(self.home, admin_url, nats_url, PROGRAMS)
        self.machine.renew_tokens()
        self.write_state("preparing streams")
        self._apply_streams()
        for running in self.running:
            self.write_state(f"starting {running.program.name}")
            self._launch(running)
        self.write_state("running")

    def watch(self) -> None:
        """Restart what falls, keep logs and tokens fresh; only a signal ends this."""
        logs_due = tokens_due = time.monotonic() + LOG_CHECK_INTERVAL_S
        tokens_due = time.monotonic() + TOKEN_RENEWAL_INTERVAL_S
        while True:
            time.sleep(WATCH_INTERVAL_S)
            now = time.monotonic()
            self._watch_servers()
            for running in self.running:
                self._watch_child(running, now)
            if now > logs_due:
                rotate_logs(self.home.logs)
                logs_due = now + LOG_CHECK_INTERVAL_S
            if now > tokens_due and self.machine:
                self.machine.renew_tokens()
                tokens_due = now + TOKEN_RENEWAL_INTERVAL_S
            self.write_state("running")

    def stop(self) -> None:
        """Stop in reverse: gateway, services, simulators, issuer, NATS, Postgres; each bounded."""
        self.write_state("stopping")
        for _, stage in groupby(reversed(self.running), key=lambda running: running.program.stage):
            alive = [running.child for running in stage if running.child and running.child.poll() is None]
            for child in alive:
                child.terminate()
            for child in alive:
                stop(child, STOP_TIMEOUT_S)
        if self.nats:
            self.nats.stop()
        if self.postgres:
            self.postgres.stop()
        self.home.state_file.unlink(missing_ok=True)

    def write_state(self, phase: str) -> None:
        """Write what `status`, `down` and the demonstration read, when it has changed; no secrets in it."""
        self.phase = phase
        machine = self.machine
        state = {
            "supervisor_pid": os.getpid(),
            "phase": phase,
            "started_at": self.started_at,
            "home": str(self.home.root),
            "clock_file": str(self.home.clock_file),
            "issuer": issuer.ISSUER,
            "postgres": _server(self.postgres, self.postgres.port if self.postgres else None),
            "nats": _server(self.nats, self.nats.port if self.nats else None),
            "gateway_url": machine.url("gateway") if machine else None,
            "services": {name: machine.url(name) for name in SERVICES} if machine else {},
            "simulators": {name: machine.url(name) for name in SIMULATORS} if machine else {},
            "processes": {running.program.name: _described(running, machine) for running in self.running},
        }
        if state != self.written:
            self.home.write_state(state)
            self.written = state

    async def _apply_roles(self, admin_url: str) -> None:
        def password(role: str) -> str:
            return self.home.password(f"postgres-{role}")

        for change in await roles.apply_roles(admin_url, password):
            say(change)
        owner = "keyring_owner"
        await roles.apply_keyring(roles.url_for(admin_url, roles.KEYRING, owner, password(owner)))

    def _apply_streams(self) -> None:
        async def apply() -> None:
            machine = self.machine
            if machine is None:
                raise StartFailed("the machine has no addresses yet")
            client = await broker.connect(machine.nats_url, broker.ADMIN, machine.nats_password)
            try:
                await broker.apply(client)
            finally:
                await client.close()

        asyncio.run(apply())

    def _launch(self, running: Running) -> None:
        program, machine = running.program, self.machine
        if machine is None:
            raise StartFailed("the machine has no addresses yet")
        if program.missing:
            running.state = "missing"
            say(f"{program.name}: the module {program.module} is not installed")
            return
        log = self.home.logs / f"{program.name}.log"
        running.child = spawn(program.argv(machine), log=log, env=program.env(machine), cwd=self.home.run)
        running.state, running.started_at = "running", time.monotonic()

    def _watch_child(self, running: Running, now: float) -> None:
        if running.state == "restarting" and now >= running.due_at:
            self._launch(running)
        elif running.state == "running" and running.child and running.child.poll() is not None:
            if now - running.started_at > RESTART_CALM_S:
                running.restarts = 0
            running.restarts += 1
            code = running.child.returncode
            if running.restarts > RESTARTS_MAX:
                running.state = "failed"
                say(f"{running.program.name} ended with {code}; given up after {RESTARTS_MAX} restarts")
                return
            delay_s = min(RESTART_DELAY_S_FIRST * 2 ** (running.restarts - 1), RESTART_DELAY_S_MAX)
            running.state, running.due_at = "restarting", now + delay_s
            say(f"{running.program.name} ended with {code}; restart {running.restarts} in {delay_s} s")

    def _watch_servers(self) -> None:
        if self.postgres and self.postgres.child and self.postgres.child.poll() is not None:
            say("Postgres ended; starting it again")
            self.postgres.start()
        if self.nats and self.nats.child and self.nats.child.poll() is not None:
            say("NATS ended; starting it again")
            self.nats.start()
            self._apply_streams()


def _server(server: Postgres | Nats | None, port: int | None) -> dict[str, Any]:
    if server is None:
        return {"external": True}
    return {"external": False, "port": port, "pid": server.child.pid if server.child else None}


def _described(running: Running, machine: Machine | None) -> dict[str, Any]:
    name = running.program.name
    return {
        "state": running.state,
        "pid": running.child.pid if running.child and running.state == "running" else None,
        "restarts": running.restarts,
        "url": machine.url(name) if machine else None,
        "ready_path": running.program.ready_path,
    }


def say(sentence: str) -> None:
    """Write one line to the supervisor's own log."""
    sys.stdout.write(f"{utc_text(real_now())} {sentence}\n")
    sys.stdout.flush()


def rotate_logs(folder: Path) -> None:
    """Move the content of every log that has grown too large aside, keeping a bounded number of copies.

    Children append to an open file, so it is copied and emptied, never renamed.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size <= LOG_BYTES_MAX:
            continue
        for number in range(LOG_COPIES, 1, -1):
            older, newer = log.with_name(f"{log.name}.{number}"), log.with_name(f"{log.name}.{number - 1}")
            if newer.exists():
                newer.replace(older)
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


def hold(home: Home) -> TextIO:
    """Take this home's lock and sign it; raises StartFailed when another supervisor holds it."""
    lock = home.lock_file.open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StartFailed(f"a supervisor already runs for {home.root}") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _stop_on(number: int, _frame: object) -> None:
    _heed_no_signal()
    raise Stopping(number)


def _heed_no_signal() -> None:
    """From here on everything is being stopped in order; nothing may interrupt that."""
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)


def main() -> None:
    """Run until a signal; the exit code tells whether everything had been started."""
    os.umask(0o077)
    os.environ["HUZHU_PROFILE"] = issuer.PROFILE
    home = Home.find()
    with hold(home):
        supervisor = Supervisor(home)
        for each in STOP_SIGNALS:
            signal.signal(each, _stop_on)
        try:
            supervisor.start()
            supervisor.watch()
        except Stopping:
            say("stopping")
        except StartFailed as failure:
            say(f"could not start: {failure}")
            raise SystemExit(1) from failure
        finally:
            _heed_no_signal()
            supervisor.stop()


if __name__ == "__main__":
    main()

"""The command line `huzhu`: one file for each group of commands, each registering itself."""

from importlib import import_module
from importlib.util import find_spec

import typer

# Read from the top, this is everything `huzhu` can do. Each file keeps heavy imports inside its functions.
COMMANDS = (
    "up",  # up, down, status
    "demo",
    "roster",
    "settlements",
    "claims",
    "ledger",
    "statistics",
    "token",
    "parked",
    "projections",
    "replay",
    "log",
    "clock",
    "broker",
    "deploy",
    "contracts",
)

app = typer.Typer(
    name="huzhu",
    help="Mutual aid for workers in new forms of employment: run it, feed it, check it.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)

for _name in COMMANDS:
    if find_spec(f"huzhu.cli.{_name}") is None:
        continue
    import_module(f"huzhu.cli.{_name}").register(app)

"""`python -m huzhu` is the command line."""

from huzhu.cli import app

app()

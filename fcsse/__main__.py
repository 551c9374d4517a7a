"""Runs the command line: ``python -m fcsse``."""

from fcsse.cli.main import run

run()

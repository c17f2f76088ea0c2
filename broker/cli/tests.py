"""``ledgeros test``: every check, then pytest, whose closing line is the last line of output."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from broker.cli.output import errors
from broker.install.layout import clone_root

_Arguments = Annotated[list[str] | None, typer.Argument(metavar="PYTEST", help="Files, or options of pytest.", show_default=False)]
_PARALLEL = ("-n", "2", "--dist", "loadgroup", "--durations", "15", "--durations-min", "4")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("test", context_settings={"ignore_unknown_options": True})(run_tests)


def run_tests(arguments: _Arguments = None) -> None:
    """Run every check and test; with arguments, run pytest alone with them.

    For example: ./ledgeros test tests/unit/cli -k help. What follows -- goes to pytest unread: ./ledgeros test -- --help
    """
    from broker.install.extension_build import build_extension

    build_extension(_note)
    if arguments:
        raise typer.Exit(_pytest(arguments))
    passed = [_check(name, command) for name, command in _checks()]
    status = _pytest(_PARALLEL)
    raise typer.Exit(status or int(not all(passed)))


def _checks() -> list[tuple[str, list[str]]]:
    python = sys.executable
    scripts = Path(sys.prefix) / "bin"
    return [
        ("style (ruff check)", [str(scripts / "ruff"), "check", ".", "ledgeros"]),
        ("format (ruff format)", [str(scripts / "ruff"), "format", "--check", ".", "ledgeros"]),
        ("types (mypy strict)", [python, "-m", "mypy"]),
        ("layers (import-linter)", [str(scripts / "lint-imports"), "--no-cache"]),
        ("message schema", [python, "-m", "broker.cli", "protocol", "check"]),
        ("extension (tsc, vitest)", [str(scripts / "npm"), "--prefix", "extension", "run", "check"]),
    ]


def _check(name: str, command: Sequence[str]) -> bool:
    began = time.monotonic()
    environment = _environment()
    done = subprocess.run(command, cwd=clone_root(), env=environment, capture_output=True, text=True, check=False)
    mark = "[green]✓[/green]" if done.returncode == 0 else "[red]✕[/red]"
    errors.print(f"{mark} {name}  [dim]{time.monotonic() - began:.1f} s[/dim]")
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
    return done.returncode == 0


def _pytest(arguments: Sequence[str]) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=clone_root(), env=_environment(), check=False).returncode


def _environment() -> dict[str, str]:
    import os

    scripts = Path(sys.prefix) / "bin"
    return {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}", "PYTHONPATH": str(clone_root())}


def _note(text: str) -> None:
    errors.print(f"[dim]{text}[/dim]")

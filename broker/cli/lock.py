"""``ledgeros lock``: regenerate requirements.lock."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import typer

from broker.cli.output import say
from broker.core.errors import LedgerError
from broker.install.layout import clone_root

_OPTIONS = (
    "--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links",
    "--no-annotate", "--no-header", "--extra", "dev", "--extra", "demo", "--extra", "mcp",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lock")(lock)


def lock(upgrade: bool = typer.Option(False, help="Take newer versions that pyproject.toml allows.")) -> None:
    """Regenerate requirements.lock from pyproject.toml: every package with its hashes, no download address."""
    command = [str(Path(sys.prefix) / "bin" / "uv"), "pip", "compile", "--quiet", *_OPTIONS, "pyproject.toml", "-o", "requirements.lock"]
    done = subprocess.run(command + ["--upgrade"] * upgrade, cwd=clone_root(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise LedgerError(500, "lock_failed", "uv could not resolve the requirements.", done.stderr.strip()[-500:])
    refuse_addresses((clone_root() / "requirements.lock").read_text())
    say("requirements.lock is up to date with pyproject.toml")


def refuse_addresses(text: str) -> None:
    """A `LedgerError` when a lock names a download address: it must work with any index."""
    if re.search(r"://|@ file|^-", text, re.MULTILINE):
        raise LedgerError(
            500, "lock_has_address", "requirements.lock names an address.", "Remove it: the lock holds names and hashes only."
        )

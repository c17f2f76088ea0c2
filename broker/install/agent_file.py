"""The file an agent's clients read (``broker.client.Configuration``): written once, readable by its owner only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from broker.core.errors import LedgerError
from broker.install.layout import StateFolder


@contextmanager
def new_file(path: Path) -> Iterator[IO[str]]:
    """A new file of mode 600, removed again when the body fails; `LedgerError` 409 when something is there already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise LedgerError(
            409, "file_exists", f"{path.name} is there already.", "Choose another name: its secrets cannot be shown again."
        ) from None
    except OSError as error:
        raise LedgerError(400, "cannot_write", f"{path.name} cannot be written: {error.strerror}.", "Choose another place.") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def addresses(state: StateFolder) -> dict[str, str]:
    """Where the LedgerOS and the broker that run on `state` answer, and their CA; a `LedgerError` 503 when one does not run."""
    return {
        "ledgerUrl": state.issuer_endpoints()["publicUrl"],
        "brokerUrl": state.broker_endpoints()["agentUrl"],
        "caFile": str(state.pki.ca_file),
    }


def fill(file: IO[str], where: dict[str, str], agent_token: str, credential: str) -> None:
    """Write what the agent holds."""
    json.dump({**where, "agentToken": agent_token, "brokerCredential": credential}, file, indent=2)
    file.write("\n")

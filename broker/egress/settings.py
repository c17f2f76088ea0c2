"""How one egress process is set up: a JSON file named on its command line. Nothing in it is secret."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError

from broker.core.state_files import DamagedFileError, read_object
from broker.protocol.wire import Wire

_Seconds = Annotated[float, Field(gt=0, le=600)]
_Bytes = Annotated[int, Field(gt=0, le=1_000_000_000)]


class Limits(Wire):
    """Times in seconds, sizes in bytes.

    `connect` covers DNS, TCP and TLS; `idle` is the longest silence of the merchant; `total` bounds
    the whole request. `response` counts decoded bytes: as many as the extension can show
    (extension/interception/answers.ts). `armed` bounds how many releases are held at once, `life` how
    long any of them may live whatever its decision says.
    """

    connect: _Seconds = 10
    idle: _Seconds = 30
    total: _Seconds = 90
    response: _Bytes = 8_000_000
    armed: Annotated[int, Field(gt=0, le=1_000)] = 16
    life: _Seconds = 600


def usual_socket(state: Path) -> Path:
    """Where the egress of a state folder listens, unless its settings name another place."""
    return state / "run" / "egress.sock"


class EgressSettings(Wire):
    """`folder` holds the key, ``taught.json`` and what was spent; `socket` is where the broker connects.

    `broker_uid` is the one user id that may connect. `sandbox` allows loopback, any port and, with
    `extra_ca`, one more certificate authority: never set it where real cards are used.
    """

    folder: Path
    socket: Path
    broker_uid: Annotated[int, Field(ge=0)]
    sandbox: bool = False
    extra_ca: Path | None = None
    limits: Limits = Limits()

    @classmethod
    def from_file(cls, file: Path) -> Self:
        """As `file` says. Raises `DamagedFileError`, and ``FileNotFoundError``."""
        try:
            return cls.model_validate(read_object(file))
        except ValidationError as error:
            wrong = ", ".join(dict.fromkeys(".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)))
            cure = f"Look at {wrong}, or remove the file, it is made anew: rm {shlex.quote(str(file))}"
            raise DamagedFileError(file, cure) from None

"""Origins of this run: every host name on the one port."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origins:
    """`port` is where the process listens."""

    port: int

    def of(self, host: str) -> str:
        """The origin of `host`."""
        return f"https://{host}:{self.port}"

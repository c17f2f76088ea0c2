"""How a release ends, beyond the outcome itself."""

from __future__ import annotations

from dataclasses import dataclass

from broker.protocol.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Ending:
    """An outcome, what there is to say beyond its general sentence, and when asking again can help (Unix ms)."""

    outcome: Outcome
    detail: str | None = None
    retry_at: int | None = None

"""Why a request was not swapped, as an exception that carries one outcome and nothing of the request."""

from __future__ import annotations

from broker.protocol.egress import EGRESS_MEANINGS, EgressOutcome


class RefusedError(Exception):
    """The request must not be sent with real values. `outcome` says why, `entry` which registry entry it would have been."""

    def __init__(self, outcome: EgressOutcome, entry: str | None = None) -> None:
        super().__init__(EGRESS_MEANINGS[outcome].sentence)
        self.outcome = outcome
        self.entry = entry


def field_mismatch() -> RefusedError:
    """The body is readable but is not built as the endpoint is registered."""
    return RefusedError(EgressOutcome.FIELD_MISMATCH)


def body_not_readable() -> RefusedError:
    """The body is not what its content type says, or in a form that nobody can edit safely."""
    return RefusedError(EgressOutcome.BODY_NOT_READABLE)

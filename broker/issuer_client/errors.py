"""What can go wrong between the broker and LedgerOS."""

from __future__ import annotations


class IssuerRefusedError(Exception):
    """LedgerOS answered 4xx. `code` is its machine-readable reason (empty when it gave none), `message` its words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class IssuerUnavailableError(Exception):
    """No usable answer: not reachable, too slow, 5xx, or not the protocol. What happened there is unknown."""


class IssuerUntrustedError(IssuerUnavailableError):
    """Something answers at LedgerOS's address that cannot prove to be LedgerOS. Nothing was sent to it."""

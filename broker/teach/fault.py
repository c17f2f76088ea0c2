"""Why a request is no lesson."""

from __future__ import annotations


class CannotBeTaughtError(Exception):
    """No registry entry can describe this request; the message says why, for the person."""

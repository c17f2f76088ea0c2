"""Which LedgerOS this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

_OF_THE_CLONE = "0.1.0"


def own_version() -> str:
    """The installed package's version, or this source tree's when it runs from a clone."""
    try:
        return version("ledgeros")
    except PackageNotFoundError:
        return _OF_THE_CLONE

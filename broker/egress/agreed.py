"""What a person sees and says of the merchant accounts that shops are paid through."""

from __future__ import annotations

from pathlib import Path

from broker.core.errors import LedgerError
from broker.core.origin import parse_origin
from broker.egress.account_file import editing, read_shops
from broker.egress.registry import Registry
from broker.protocol.processors import Endpoint, bundled_processors

REMEMBERED, NEXT_IS_TAKEN = "remembered", "the next one is taken"


def list_accounts(folder: Path) -> list[dict[str, str]]:
    """Each shop's processors, and whether there is an account to compare with. Raises `LedgerError` for a file that cannot be used."""
    return [
        {"origin": origin, "processor": processor, "account": NEXT_IS_TAKEN if kept is None else REMEMBERED}
        for origin, shop in sorted(read_shops(folder).items())
        for processor, kept in sorted(shop.items())
    ]


def forget(folder: Path, address: str) -> None:
    """Forget all that is remembered of the shop at `address`; `LedgerError` 404 when nothing is."""
    origin = _origin(address)
    with editing(folder) as shops:
        if shops.pop(origin, None) is None:
            raise LedgerError(404, "not_remembered", "Nothing is remembered of that shop.", "See: ledgeros egress accounts list")


def allow(folder: Path, address: str, processor: str) -> None:
    """Let the shop at `address` be paid through `processor`, with whatever account its next payment names.

    Other processors of the shop stay as they are. `LedgerError` 404 for a processor that is not known there.
    """
    origin = _origin(address)
    there = Registry(folder, sandbox=True).processors_at(origin)
    shipped = {entry.processor for entry in bundled_processors() if isinstance(entry, Endpoint) and entry.processor}
    if processor not in shipped | there:
        names = ", ".join(sorted(shipped | there))
        raise LedgerError(404, "unknown_processor", "No entry of the registry names that processor.", f"Known are: {names}")
    with editing(folder) as shops:
        shops.setdefault(origin, {})[processor] = None


def _origin(address: str) -> str:
    try:
        return parse_origin(address if "://" in address else f"https://{address}")  # a list shows shops by their host
    except ValueError:
        raise LedgerError(422, "bad_address", "That is not a web address.", "Give the whole of it: https://shop.example") from None

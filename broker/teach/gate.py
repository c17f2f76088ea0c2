"""What must be so before somebody is taught anything, and still when they confirm."""

from __future__ import annotations

from pathlib import Path

from broker.admin import unfinished_releases
from broker.core.errors import LedgerError
from broker.core.origin import is_loopback, parse_origin
from broker.install.browsers import has_display


def require_address(url: str, *, sandbox: bool) -> None:
    """`LedgerError` for what is no web address, or none from which the egress pays: https, or this machine in the sandbox."""
    try:
        origin = parse_origin(url)
    except ValueError:
        raise LedgerError(422, "bad_address", "That is not a web address.", "Give the whole of it: https://shop.example/checkout") from None
    if not origin.startswith("https://") and not (sandbox and is_loopback(origin)):
        raise LedgerError(422, "not_https", "The shop is not https: the real number is sent nowhere from there.", "Give its https address.")


def require_nothing_open(state: Path) -> None:
    """`LedgerError` while a release of this broker is not finished: an agent may be shopping, and what it pays must not change under it."""
    if not (unfinished := unfinished_releases(state)):
        return
    first = unfinished[0]
    where = f" for {first.origin}" if first.origin else ""
    more = f", and {len(unfinished) - 1} more" if len(unfinished) > 1 else ""
    raise LedgerError(
        409, "release_open", f"Release {first.id}{where} is not finished ({first.status}){more}. Nothing is taught while an agent shops.",
        "Wait until it has ended (ledgeros releases), or take it back: ledgeros releases cancel ID."
        " What a stopped broker left open ends when it starts: ledgeros up",
    )  # fmt: skip


def no_window() -> LedgerError:
    """Why there is nothing to pay in."""
    what = "The browser ended before it had opened a window."
    if has_display():
        return LedgerError(500, "no_window", what, "Start it by hand to see what it says.")
    return LedgerError(
        500, "no_display", f"{what} Neither DISPLAY nor WAYLAND_DISPLAY is set.", "Teach on a desktop, where you can see the shop."
    )

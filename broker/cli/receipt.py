"""Receipts: verify one without LedgerOS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from broker.cli.output import console, say, show_json
from broker.cli.state import AsJson
from broker.core.errors import LedgerError
from broker.core.text import plain_text
from broker.terminal import time_text

if TYPE_CHECKING:
    from broker.issuer.redeem.receipts import Verified

_LONGEST = 600
_FOR = {
    "one-time": "one charge",
    "subscription": "a subscription: the shop may charge up to this amount again, without asking",
    "preauth": "a preauthorisation: one charge, held first",
}
app = typer.Typer(help="Receipts of releases: GET /v1/releases/{id}/receipt.", no_args_is_help=True, rich_markup_mode=None)

Key = Annotated[str | None, typer.Option(help="Public key you keep (base64url).", show_default=False)]


@app.callback()
def group() -> None:
    """Receipts of releases: GET /v1/releases/{id}/receipt."""


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt, as the API answered it.")],
    issuer_key: Key = None,
    device_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Verify a receipt offline: what was shown and decided, by which keys, when. Fails when anything was changed."""
    from broker.issuer.redeem.receipts import verify_receipt

    document = _read(file)
    try:
        verified = verify_receipt(document, _key("--issuer-key", issuer_key or _named(document)), _pinned("--device-key", device_key))
    except ValueError as error:
        raise LedgerError(500, "receipt_invalid", f"The receipt does not hold: {error}.", "Export it again; compare the keys.") from None
    if as_json:
        show_json({"valid": True, "issuerKeyPinned": issuer_key is not None, "deviceKeyPinned": device_key is not None})
        return
    console.print(_told(verified))
    say("[green]✓[/green] Every signature holds.")
    if issuer_key is None:
        say("[yellow]![/yellow] LedgerOS's key was taken from the receipt itself: compare it with the one you keep, or give --issuer-key.")


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except OSError:
        raise LedgerError(404, "no_file", "The receipt cannot be read.", "Check the file's name.") from None
    except ValueError:
        raise LedgerError(400, "no_receipt", "The file is not JSON.", "Save the answer of GET /v1/releases/{id}/receipt.") from None


def _named(document: Any) -> str:
    found = document.get("issuerKey") if isinstance(document, dict) else None
    return found if isinstance(found, str) else ""


def _pinned(option: str, text: str | None) -> bytes | None:
    return None if text is None else _key(option, text)


def _key(option: str, text: str) -> bytes:
    from broker.core.canonical import unb64u

    try:
        key = unb64u(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise LedgerError(400, "bad_key", f"{option} is not a public key.", "It is 32 bytes in base64url, as enrolment showed it.")
    return key


def _told(verified: Verified) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for word, value in _lines(verified):
        table.add_row(word, escape(plain_text(value, _LONGEST)))  # a forged file must not write to the terminal
    return table


def _lines(verified: Verified) -> list[tuple[str, str]]:
    from broker.core.money import format_money

    receipt, decision, facts = verified.receipt, verified.decision, verified.facts
    seen, claimed = decision.seen, decision.claimed
    page_amount = "cannot be read" if seen.page_amount is None else f"page says {format_money(seen.page_amount, decision.currency)}"
    asked = "no amount" if claimed.amount is None else format_money(claimed.amount, decision.currency)
    passkey = "none: approved by a click" if receipt.passkey is None else f"{receipt.passkey.id}, user verified"
    return [
        ("Release", f"{receipt.release_id}, access event {receipt.access_event_id}"),
        ("Asked by", f"{decision.agent_name} ({decision.agent_id}) for {facts.user_name}, {facts.organisation_name}"),
        ("Card", f"{facts.card_brand} ending {decision.last4} ({decision.card_id})"),
        ("Claimed", f"{claimed.origin or 'no address'}, {asked}, “{claimed.merchant_text or 'no merchant'}”"),
        ("Seen", f"{seen.origin}, {page_amount}, {'first time here' if seen.first_time_here else 'approved here before'}"),
        ("Frames", ", ".join(seen.frame_origins) or "none of other sites"),
        ("Mismatches", ", ".join(decision.mismatches) or "none"),
        ("Agent's words", f"“{claimed.purpose}”"),
        ("Approved", f"up to {format_money(decision.max_amount, decision.currency)}, {decision.mode} mode"),
        ("For", _FOR[decision.reason]),
        ("Decided", f"{time_text(decision.decided_at)} UTC, valid until {time_text(decision.expires_at)}"),
        ("Standing rule", decision.grant_id or "none: a person decided"),
        ("Browser", f"{receipt.device.name} ({receipt.device.id}), key {receipt.device.signing_key}"),
        ("Passkey", passkey),
        ("Setting", f"{receipt.approval} at the time"),
        ("Redeemed", f"{time_text(receipt.redeemed_at)} UTC by {receipt.broker_id}"),
        ("Outcome", receipt.outcome or "not reported"),
        ("LedgerOS's key", receipt.issuer_key),
    ]

"""Receipts: verify one without LedgerOS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.markup import escape
from rich.table import Table

from broker.cli.denial_lines import denial_lines
from broker.cli.output import console, show_json
from broker.cli.receipt_keys import DeviceKey, IssuerKey, PasskeyKey, TrustEmbedded, conclude, given, key_lines, key_members
from broker.cli.state import AsJson
from broker.core.errors import LedgerError
from broker.core.text import plain_text
from broker.terminal import time_text

if TYPE_CHECKING:
    from broker.issuer.redeem.keys_given import Key
    from broker.issuer.redeem.offline import Verified
    from broker.protocol.receipt import Receipt

_LONGEST = 600
_FOR = {
    "one-time": "one charge",
    "subscription": "a subscription: the shop may charge up to this amount again, without asking",
    "preauth": "a preauthorisation: one charge, held first",
}
app = typer.Typer(help="Receipts of releases: GET /v1/releases/{id}/receipt.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Receipts of releases: GET /v1/releases/{id}/receipt."""


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt, as the API answered it.")],
    issuer_key: IssuerKey = None,
    device_key: DeviceKey = None,
    passkey_key: PasskeyKey = None,
    trust_embedded_keys: TrustEmbedded = False,
    as_json: AsJson = False,
) -> None:
    """Verify a receipt offline: what was shown and decided, by which keys, when. Fails unless all of it holds under keys that you give."""
    document = _read(file)
    keys = (given("issuer", issuer_key), given("device", device_key), given("passkey", passkey_key))
    try:
        checked = _denied(document, *keys) if document["object"] == "denial_receipt" else _approved(document, *keys)
    except ValueError as error:
        raise LedgerError(500, "receipt_invalid", f"The receipt does not hold: {error}.", "Export it again; compare the keys.") from None
    if as_json:
        proven = all(key.given for key in checked.keys)
        show_json({"consistent": True, "proven": proven, "says": checked.says, "by": checked.by, "keys": key_members(checked.keys)})
    else:
        console.print(_table(checked.lines))
    conclude(checked.keys, trust_embedded=trust_embedded_keys, quiet=as_json)


class _Checked(NamedTuple):
    """What a receipt says, on whose part, in words, and the keys it was checked with."""

    says: str
    by: str
    lines: list[tuple[str, str]]
    keys: Sequence[Key]


def _approved(document: Any, issuer_key: bytes | None, device_key: bytes | None, passkey_key: bytes | None) -> _Checked:
    from broker.issuer.redeem.offline import verify_receipt

    verified = verify_receipt(document, issuer_key, device_key, passkey_key)
    return _Checked("approved", verified.decided_by, _lines(verified), verified.keys)


def _denied(document: Any, issuer_key: bytes | None, device_key: bytes | None, passkey_key: bytes | None) -> _Checked:
    from broker.issuer.redeem.offline_denial import verify_denial

    if passkey_key is not None:
        raise ValueError("no passkey signs a denial, and you gave a passkey's key")
    verified = verify_denial(document, issuer_key, device_key)
    return _Checked(verified.denial.said, "click", denial_lines(verified), verified.keys)


def _read(file: Path) -> Any:
    hint = "Save the answer of GET /v1/releases/{id}/receipt."
    try:
        document = json.loads(file.read_text())
    except OSError:
        raise LedgerError(404, "no_file", "The receipt cannot be read.", "Check the file's name.") from None
    except (ValueError, RecursionError):
        raise LedgerError(400, "no_receipt", "The file is not JSON.", hint) from None
    if not isinstance(document, dict) or document.get("object") not in ("receipt", "denial_receipt"):
        raise LedgerError(400, "no_receipt", "The file is not a receipt.", hint)
    return document


def _table(lines: Sequence[tuple[str, str]]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for word, value in lines:
        table.add_row(word, escape(plain_text(value, _LONGEST)))  # a forged file must not write to the terminal
    return table


def _lines(verified: Verified) -> list[tuple[str, str]]:
    from broker.core.money import format_money

    receipt, decision, facts = verified.receipt, verified.decision, verified.facts
    seen, claimed = decision.seen, decision.claimed
    page_amount = "cannot be read" if seen.page_amount is None else f"page says {format_money(seen.page_amount, decision.currency)}"
    asked = "no amount" if claimed.amount is None else format_money(claimed.amount, decision.currency)
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
        ("Standing rule", _rule(receipt)),
        ("Browser", f"{receipt.device.name} ({receipt.device.id})"),
        ("Passkey", _passkey(receipt)),
        ("Setting", f"{receipt.approval} at the time"),
        ("Redeemed", f"{time_text(receipt.redeemed_at)} UTC by {receipt.broker_id}"),
        ("Outcome", receipt.outcome or "not reported"),
        *([] if receipt.stop is None else [("Stopped", f"by the person, {time_text(receipt.stop.denial.decided_at)} UTC")]),
        *key_lines(verified.keys),
    ]


def _rule(receipt: Receipt) -> str:
    from broker.policy.grants import describe

    if receipt.grant is None:
        return "none: a person decided"
    grant = receipt.grant.signed.grant
    where = f"for {grant.agent_name} at {grant.origin}: {describe(grant)}"
    return f"by rule {grant.grant_id} {where}, signed with passkey {receipt.grant.passkey.id}, user verified"


def _passkey(receipt: Receipt) -> str:
    if receipt.passkey is not None:
        return f"{receipt.passkey.id}, user verified"
    return "none: approved by a click" if receipt.grant is None else "none for this payment: the rule has the person's"

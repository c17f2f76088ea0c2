"""What the agent says it wants: parsed once, made harmless, never believed."""

from __future__ import annotations

from broker.core.errors import LedgerError
from broker.core.logs import mask_numbers
from broker.core.origin import parse_origin
from broker.core.text import plain_text
from broker.protocol.agent_api import CreateRelease
from broker.protocol.decision import Claimed
from broker.protocol.facts import Facts

NO_PURPOSE = "No purpose given"
"""What stands where an agent's words say nothing; the extension signs the same."""
_HINT = "Send `origin` or `pageUrl` of the checkout, for example https://shop.example.com."


def claimed_origin(request: CreateRelease) -> str | None:
    """The origin an agent claims; raises `LedgerError` 400 when it is none, or two different ones."""
    try:
        found = {parse_origin(text) for text in (request.origin, request.page_url) if text is not None}
    except ValueError:
        raise LedgerError(400, "invalid_origin", "origin or pageUrl is not a web origin.", _HINT) from None
    if len(found) > 1:
        raise LedgerError(400, "invalid_origin", "origin and pageUrl name different origins.", _HINT)
    return next(iter(found), None)


def build_claimed(facts: Facts, origin: str | None, purpose: str | None) -> Claimed:
    """The claims as the person will see them: to LedgerOS (attested) and to the broker."""
    # Made plain once more after the mask: the extension does so before it signs, and must find the same words.
    words = plain_text(mask_numbers(plain_text(purpose))) if purpose else ""
    return Claimed(
        origin=origin or facts.origin,
        merchant_text=facts.merchant_text,
        amount=facts.expected_amount,
        currency=facts.expected_currency,
        purpose=words or plain_text(facts.summary) or NO_PURPOSE,
    )

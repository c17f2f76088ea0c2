"""What card details, intents, releases and charges share: whether a card may be used at all, and how merchants' words compare."""

from __future__ import annotations

import unicodedata

from broker.core.errors import LedgerError
from broker.core.logs import mask_numbers
from broker.core.text import plain_text


def shown_words(text: str) -> str:
    """What somebody wrote for a person to read: on one line, without card numbers, at most 300 characters; empty if nothing is left."""
    # Cut once more after the mask, which can be longer than what it takes away.
    return plain_text(mask_numbers(plain_text(text)))


def merchant_key(text: str | None) -> str:
    """`merchantText` as it is compared: case and width folded; empty when there is none."""
    return unicodedata.normalize("NFKC", text or "").casefold().strip()


def blocked_reason(user_status: str, agent_status: str, card_status: str) -> LedgerError | None:
    """Why a card cannot be used at all, or None."""
    if user_status != "approved":
        return LedgerError(
            403, "user_not_approved", "The user is not approved.", "The person completes KYC by the applicationCompletionLink."
        )
    if agent_status != "active":
        return LedgerError(403, "agent_suspended", "The agent is suspended.", "Resume the agent first.")
    if card_status != "active":
        word = card_status if card_status in ("frozen", "closed") else "not active"
        return LedgerError(403, f"card_{word.replace(' ', '_')}", f"The card is {word}.", "Unfreeze it, or create a new card.")
    return None

"""What one run of the demo shows: at which kind of shop, and whether its page is to see the number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from broker.demo.shops.kinds import Kind
from broker.protocol.processors import bundled_processors, entries_for_page

Mode = Literal["surrogate", "direct"]

FILLED: dict[Mode, str] = {
    "surrogate": "LedgerOS seals the number to the egress, the form gets a stand-in",
    "direct": "LedgerOS seals the number to the extension, the form is filled",
}
PAID: dict[Mode, str] = {
    "surrogate": "The agent presses Pay; the egress puts the number in, LedgerOS authorises",
    "direct": "The agent presses Pay, LedgerOS authorises",
}
APPROVED: dict[Mode, str] = {"surrogate": "Waiting for the page to pay", "direct": "Filled"}
"""What the popup says once the form is filled."""
ENDS: dict[Mode, tuple[str, str]] = {"surrogate": ("paying", "submitted"), "direct": ("finished", "filled")}
"""The status after the fill, and the outcome at the end."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`wanted` is the mode that is wanted: with ``surrogate`` an egress runs."""

    kind: Kind = Kind.FIRST_PARTY
    wanted: Mode = "direct"

    @property
    def declined(self) -> bool:
        """Whether this shop cannot be paid as wanted: its page encrypts the card, and the popup says so."""
        return self.wanted == "surrogate" and self.kind is Kind.ENCRYPTING

    @property
    def mode(self) -> Mode:
        """How it is paid in the end."""
        return "direct" if self.declined else self.wanted

    @property
    def lesson(self) -> bool:
        """Whether a person has to teach the shop first: nothing in the registry tells from its page how it pays."""
        frames = () if self.kind.fields_host is None else (f"https://{self.kind.fields_host}",)
        known = entries_for_page(bundled_processors(), f"https://{self.kind.shop_host}", frames, sandbox=True)
        return self.wanted == "surrogate" and not known

"""What LedgerOS's log says happened, folded event by event into the state that it ought to have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from broker.tlog import Entry, verify

_MOVED = {
    "created": "pending_approval", "approved": "pending", "rejected": "rejected", "canceled": "canceled", "expired": "expired",
    "matched": "matched", "mismatched": "mismatched",
}  # fmt: skip
_VOIDING = ("denied", "stopped", "withdrawn", "issuer_unavailable")


class Told:
    """State by the log alone. `reached` counts how often each thing happened, to see that a walk was not idle."""

    def __init__(self) -> None:
        self.head = (0, bytes(32))
        self.tokens: dict[str, str] = {}
        self.intents: dict[str, str] = {}
        self.windows: dict[str, str] = {}
        self.release_of: dict[str, str] = {}
        self.decided: dict[str, dict[str, Any]] = {}
        self.uses: Counter[str] = Counter()
        self.charges: list[str] = []
        self.relaxed: set[str] = set()
        self.on_relaxed: set[str] = set()
        self.reached: Counter[str] = Counter()

    def read(self, entries: Iterable[Entry]) -> None:
        """Go on with the entries after those that were read; the chain must hold."""
        new = list(entries)
        self.head = verify(new, self.head)
        for entry in new:
            self.reached[entry.name] += 1
            self._tell(entry.name.split(":"), entry.facts)

    def _tell(self, name: list[str], facts: dict[str, Any]) -> None:
        match name[1:]:
            case ["details", "granted" | "denied" as status]:
                self.tokens[facts["accessEvent"]] = status
            case ["token", "redeemed"]:
                self._redeemed(facts)
            case ["token", "expired"]:
                self.tokens[facts["accessEvent"]] = "expired"
            case ["release", "approved"]:
                self._approved(facts)
            case ["release", "reported"]:
                self._reported(facts)
            case ["window", "closed" | "expired"]:
                self._window(facts["window"], "closed")
            case ["intent", verb] if verb in _MOVED:
                self.intents[facts["intent"]] = _MOVED[verb]
            case ["transaction", "authorized" | "declined" as status]:
                self._charged(status, facts)
            case ["card", "changed"] if "requireMerchantOrigin" in facts:
                (self.relaxed.discard if facts["requireMerchantOrigin"] else self.relaxed.add)(facts["card"])

    def _redeemed(self, facts: dict[str, Any]) -> None:
        self.tokens[facts["accessEvent"]] = "consumed"
        self.windows[facts["window"]] = "open"
        self.release_of[facts["window"]] = facts["release"]
        self.reached["redeemed again"] += "attempt" in facts
        self.reached[f"redeemed by {facts['broker']}"] += 1

    def _approved(self, facts: dict[str, Any]) -> None:
        assert facts["release"] not in self.decided, "a decision is kept once"
        self.decided[facts["release"]] = facts
        self.uses.update([facts["grant"]] if "grant" in facts else [])
        for what in ("mode", "paymentReason"):
            self.reached[f"approved: {facts[what]}"] += 1
        if (intent := facts.get("intent")) is not None:
            self.reached["approved: on an intent"] += 1
            self.intents[intent] = "pending" if self.intents[intent] == "pending_approval" else self.intents[intent]

    def _reported(self, facts: dict[str, Any]) -> None:
        token = facts.get("accessEvent", "")
        if facts["outcome"] in _VOIDING and self.tokens.get(token) == "granted":
            self.tokens[token] = "denied"
        if "intentStatus" in facts:
            self.intents[facts["intent"]] = facts["intentStatus"]
            self.reached["reported: intent"] += 1

    def _charged(self, status: str, facts: dict[str, Any]) -> None:
        self.charges.append(facts["transaction"])
        if facts.get("card") in self.relaxed:
            self.on_relaxed.add(facts["transaction"])
        if status == "declined":
            self.reached[f"declined: {facts['reason']}"] += 1
        elif "window" in facts:
            self._window(facts["window"], "used")
        else:
            self.reached["charged again"] += 1

    def _window(self, window: str, state: str) -> None:
        assert self.windows[window] == "open", f"a window is {state} that was {self.windows[window]}"
        self.windows[window] = state

"""Everything that exists before an agent can buy: owner, keys, user, agent, card, enrolments."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from broker.demo.developer import Developer


@dataclass(slots=True)
class Account:
    """What the set-up made, in the order in which it came to be."""

    developer: Developer
    acquirer_key: str = field(repr=False)
    user_id: str = ""
    agent_id: str = ""
    card_id: str = ""
    last4: str = ""
    agent_token: str = field(default="", repr=False)
    broker_credential: str = field(default="", repr=False)

    @property
    def ca_file(self) -> Path:
        """The CA that every client trusts."""
        return self.developer.ca_file

    async def new_card(self, **changes: object) -> None:
        """Issue a card and make it the one that is used next."""
        card = await self.developer.issue_card(self.agent_id, **changes)
        self.card_id, self.last4 = card["id"], card["last4"]

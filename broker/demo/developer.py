"""The developer of the agent: calls LedgerOS's API from a back end with an ``Api-Key``, as the Quick Start shows."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from broker.core.errors import LedgerError

USER = {"firstName": "John", "lastName": "Doe", "email": "john.doe@example.com"}
AGENT = {
    "name": "checkout-bot", "description": "Handles online purchases", "spendingLimit": 50000, "spendingLimitFrequency": "perMonth",
}  # fmt: skip
CARD = {"purpose": "Office supplies", "type": "single", "maxAmount": 10000}


@dataclass(frozen=True, slots=True)
class Developer:
    """Somebody with an ``Api-Key``."""

    base_url: str
    ca_file: Path
    api_key: str = field(repr=False)

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One API call; a `LedgerError` with LedgerOS's own words when it refuses."""
        tls = ssl.create_default_context(cafile=self.ca_file)
        headers = {"Api-Key": self.api_key}
        async with (
            aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=15)) as session,
            session.request(method, self.base_url + path, json=body, ssl=tls) as response,
        ):
            answer: dict[str, Any] = await response.json()
            if response.status >= 400:
                raise LedgerError(response.status, str(answer.get("code", "refused")), str(answer.get("error")), answer.get("hint"))
            return answer

    async def create_user(self) -> dict[str, Any]:
        """Quick Start, step 2."""
        return await self.call("POST", "/v1/applications/user/initiate", USER)

    async def create_agent(self, user_id: str) -> dict[str, Any]:
        """Quick Start, step 3."""
        return await self.call("POST", "/v1/agents", {"userId": user_id, **AGENT})

    async def issue_card(self, agent_id: str, **changes: Any) -> dict[str, Any]:
        """Quick Start, step 4; `changes` are further or other fields."""
        return await self.call("POST", f"/v1/agents/{agent_id}/cards", CARD | changes)

    async def agent_token(self, agent_id: str) -> str:
        """A token that is scoped to one agent."""
        return str((await self.call("POST", f"/v1/agents/{agent_id}/tokens", {}))["token"])

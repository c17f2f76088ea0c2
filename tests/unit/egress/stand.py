"""A running egress with a merchant and the broker's client: what most tests here stand on."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from broker.core.canonical import b64u, unb64u
from broker.egress.app import running
from broker.egress.client import EgressClient
from broker.egress.settings import EgressSettings, Limits
from broker.egress.taught import write_taught
from broker.protocol.egress import Armed, Chunk, EgressOutcome, End, Fault, Head, Send, WholeAnswer
from tests.unit.egress.merchant import Merchant, merchant_with_ca
from tests.unit.egress.values import PROCESSORS, SHOP, SURROGATE, SURROGATE_CODE, ManualClock, arm, decision, taught_as

FORM = "application/x-www-form-urlencoded"
FORM_BODY = f"card%5Bnumber%5D={SURROGATE}&card%5Bcvc%5D={SURROGATE_CODE}&name=J%C3%B6".encode()


@dataclass
class Answered:
    """All that came back for one request."""

    end: End
    head: Head | WholeAnswer | None
    body: bytes

    @property
    def outcome(self) -> EgressOutcome:
        return self.end.outcome

    def header(self, name: str) -> list[str]:
        return [value for key, value in (self.head.headers if self.head else ()) if key.lower() == name]


@dataclass
class Stand:
    """The egress, its client and the merchant; `release` numbers the releases."""

    merchant: Merchant
    client: EgressClient
    public_key: bytes
    clock: ManualClock
    settings: EgressSettings
    release: int = 0
    requests: list[str] = field(default_factory=list)

    async def arm(self, **changes: Any) -> str:
        """Arm a new release and answer its id."""
        self.release += 1
        release_id = f"rel_{self.release}"
        agreed = decision(self.public_key, self.clock.now, release_id=release_id, **changes)
        answer = await self.client.arm(arm(agreed, self.public_key))
        assert isinstance(answer, Armed), answer
        return release_id

    async def refused_arm(self, message: Any) -> str:
        answer = await self.client.arm(message)
        assert isinstance(answer, Fault)
        return answer.code

    def request(self, release_id: str, url: str | None = None, body: bytes = FORM_BODY, content_type: str = FORM, **changes: Any) -> Send:
        self.requests.append(f"req-{len(self.requests)}")
        fields: dict[str, Any] = {
            "request_id": self.requests[-1], "release_id": release_id, "url": url or self.merchant.url("form-pay.localhost", "/pay/acct_1"),
            "method": "POST", "headers": (("Content-Type", content_type), ("User-Agent", "Browser/1")), "body": b64u(body),
            "top_origin": SHOP, "frame_origin": SHOP, "resource_type": "fetch",
        }  # fmt: skip
        return Send(**(fields | changes))

    async def send(self, release_id: str, *arguments: Any, **changes: Any) -> Answered:
        return await self.answered(self.request(release_id, *arguments, **changes))

    async def answered(self, message: Send) -> Answered:
        head, body = None, b""
        async for item in self.client.send(message):
            if isinstance(item, Head):
                head = item
            elif isinstance(item, Chunk):
                body += unb64u(item.data)
            else:
                return Answered(item, item.answer or head, unb64u(item.answer.data) if item.answer else body)
        raise AssertionError("no end")

    async def paid(self, *arguments: Any, **changes: Any) -> Answered:
        """Arm, send, and expect a swap."""
        answered = await self.send(await self.arm(), *arguments, **changes)
        assert answered.outcome is EgressOutcome.SWAPPED
        return answered


def teach_all(settings: EgressSettings) -> None:
    """A person taught `SHOP` with every processor there is."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    write_taught(settings.folder, tuple(taught_as(kind) for kind in PROCESSORS))


@asynccontextmanager
async def standing(folder: Path, **limits: Any) -> AsyncIterator[Stand]:
    clock = ManualClock()
    async with merchant_with_ca(folder) as (merchant, ca_file):
        settings = EgressSettings(
            folder=folder / "egress", socket=folder / "run" / "egress.sock", broker_uid=os.getuid(), sandbox=True, extra_ca=ca_file,
            limits=Limits(**limits),
        )  # fmt: skip
        teach_all(settings)
        async with running(settings, clock) as public_key:
            client = await EgressClient.connect(settings.socket, os.getuid())
            try:
                yield Stand(merchant, client, public_key, clock, settings)
            finally:
                await client.close()

"""`World`: a LedgerOS with everything that a release needs, in it and around it (`serving`, `owner`, `parties`)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import CookieJar
from yarl import URL

from broker.core.ids import secret_hash
from broker.pki.contexts import client_context
from broker.protocol.decision import Decision
from broker.protocol.sealing import Credentials
from tests.api.issuer.owner import Dashboard, complete_kyc, dashboard
from tests.api.issuer.parties import BrokerPeer, Device, Egress, broker_peer
from tests.api.issuer.serving import SHOP, Issuer, ManualClock, Reply, running_issuer, session_with


@dataclass
class World:
    """An organisation ready for a release: approved user, agent, card, enrolled broker and browser."""

    issuer: Issuer
    owner: Dashboard
    key: str
    acquirer: str
    agent_token: str
    user_id: str
    agent_id: str
    card_id: str
    broker: BrokerPeer
    device: Device

    @property
    def clock(self) -> ManualClock:
        return self.issuer.clock

    async def call(self, method: str, path: str, json: Any = None, *, key: str | None = None, **kwargs: Any) -> Reply:
        return await self.issuer.call(method, path, key or self.key, json, **kwargs)

    async def new_card(self, **fields: Any) -> str:
        body = {"purpose": "Office supplies", "type": "multi", "maxAmount": 100_000, **fields}
        reply = await self.call("POST", f"/v1/agents/{self.agent_id}/cards", body)
        assert reply.status == 201, reply.text
        return str(reply.body["id"])

    async def details(self, card_id: str | None = None, *, key: str | None = None, **fields: Any) -> Reply:
        body = {"summary": "Purchase office supplies", "expectedAmount": 5000, "merchantText": "Amazon", **fields}
        return await self.call("POST", f"/v1/cards/{card_id or self.card_id}/details", body, key=key or self.agent_token)

    async def token(self, card_id: str | None = None, **fields: Any) -> str:
        reply = await self.details(card_id, **fields)
        assert reply.status == 200, reply.text
        return str(reply.body["detailsToken"])

    async def introspected(self, token: str) -> str:
        """The signed facts of a token."""
        reply = await self.broker.introspect(token)
        assert reply.body["active"], reply.text
        return str(reply.body["facts"])

    async def approved(self, card_id: str | None = None, **fields: Any) -> tuple[str, Decision]:
        """A token and the decision for it, not yet redeemed."""
        token = await self.token(card_id, **fields)
        return token, self.device.decision(await self.introspected(token), self.clock.now_ms())

    async def egress(self) -> Egress:
        """An egress enrolled beside the broker."""
        return await Egress().enrol(self.broker, await self.owner.create_code("egress"))

    async def approved_for(self, egress: Egress, card_id: str | None = None) -> tuple[str, Decision]:
        """A token and the decision for it in surrogate mode, not yet redeemed."""
        token = await self.token(card_id)
        return token, self.device.decision(await self.introspected(token), self.clock.now_ms(), **egress.recipient)

    async def intent(self, card_id: str | None = None, **fields: Any) -> str:
        """An intent of the agent's own making."""
        body = {"summary": "Purchase office supplies", "expectedAmount": 5000, "expectedMerchant": "Amazon", **fields}
        reply = await self.call("POST", f"/v1/cards/{card_id or self.card_id}/intents", body, key=self.agent_token)
        assert reply.status == 201, reply.text
        return str(reply.body["id"])

    async def approved_first(self, card_id: str, intent_id: str | None = None, **changes: Any) -> tuple[str, Decision]:
        """An intent and the decision on it: no token exists yet."""
        intent_id = intent_id or await self.intent(card_id)
        reply = await self.broker.post("introspect", {"intentId": intent_id})
        assert reply.body["active"], reply.text
        decision = self.device.decision(reply.body["facts"], self.clock.now_ms(), **changes)
        return intent_id, decision

    async def release(self, card_id: str | None = None, **fields: Any) -> Credentials:
        """A whole release: the credentials as the extension opens them."""
        token, decision = await self.approved(card_id, **fields)
        reply = await self.broker.redeem(token, self.device.sign(decision))
        assert reply.status == 200, reply.text
        return self.device.open(reply.body, decision)

    async def authorise(self, credentials: Credentials, amount: int = 5000, **changes: Any) -> Reply:
        """The shop charges the card."""
        body = {
            "pan": credentials.pan.reveal(), "cvv": credentials.cvv.reveal(), "expirationMonth": credentials.expiration_month,
            "expirationYear": credentials.expiration_year, "amount": amount, "currency": "USD",
            "merchant": {"name": "Example Shop", "id": "shop-1", "origin": SHOP}, **changes,
        }  # fmt: skip
        return await self.call("POST", "/v1/simulate/authorizations", body, key=self.acquirer)

    async def access_event(self, token: str) -> dict[str, Any]:
        from broker.issuer.details.tables import access_events

        query = access_events.select().where(access_events.c.token_hash == secret_hash(token))
        return dict(self.issuer.context.db.read_now(lambda c: c.execute(query).one()._mapping))


async def new_user(issuer: Issuer, key: str) -> dict[str, Any]:
    body = {"firstName": "John", "lastName": "Doe", "email": "john@example.com"}
    return dict((await issuer.call("POST", "/v1/applications/user/initiate", key, body)).body)


async def new_agent(issuer: Issuer, key: str, user_id: str, **fields: Any) -> str:
    body = {
        "userId": user_id, "name": "checkout-bot", "description": "Handles online purchases", "spendingLimit": 50_000,
        "spendingLimitFrequency": "perMonth", **fields,
    }  # fmt: skip
    return str((await issuer.call("POST", "/v1/agents", key, body)).body["id"])


@asynccontextmanager
async def ready_world(issuer: Issuer, *, passkey: bool = True) -> AsyncIterator[World]:
    """`World` with a passkey enrolled, unless told otherwise."""
    async with dashboard(issuer) as owner, broker_peer(issuer) as broker:
        key, acquirer = await owner.create_key(), await owner.create_key("acquirer")
        user = await new_user(issuer, key)
        assert (await complete_kyc(issuer, user["applicationCompletionLink"])).status == 303
        agent_id = await new_agent(issuer, key, user["id"])
        agent_token = (await issuer.call("POST", f"/v1/agents/{agent_id}/tokens", key, {})).body["token"]
        card = await issuer.call(
            "POST", f"/v1/agents/{agent_id}/cards", key, {"purpose": "Supplies", "type": "single", "maxAmount": 10_000}
        )
        assert (await broker.enrol(await owner.create_code("broker"))).status == 200
        device = Device()
        await device.enrol(broker, await owner.create_code("browser"), passkey=passkey)
        yield World(issuer, owner, key, acquirer, agent_token, user["id"], agent_id, card.body["id"], broker, device)


_UNCHANGED = ("key", "acquirer", "agent_token", "user_id", "agent_id", "card_id")


@dataclass(frozen=True)
class _Template:
    """A world's state folder after everything in it stopped, and what its people hold."""

    folder: tempfile.TemporaryDirectory[str]
    held: dict[str, str]
    cookies: dict[str, str]
    device: Device


_templates: list[_Template] = []


async def _template() -> _Template:
    """Made by the first test of a process that needs it: the codes and passwords in it are slow by design."""
    if not _templates:
        folder = tempfile.TemporaryDirectory(prefix="ledgeros-world-")
        async with running_issuer(Path(folder.name)) as issuer, ready_world(issuer) as world:
            cookies = {cookie.key: cookie.value for cookie in world.owner.session.cookie_jar}
            held = {name: getattr(world, name) for name in _UNCHANGED}
            _templates.append(_Template(folder, held, cookies, world.device))
    return _templates[0]


async def lay_out_world(root: Path) -> None:
    """Put the state of a ready world under `root`; `running_issuer` and `known_world` take it from there."""
    shutil.copytree((await _template()).folder.name, root, dirs_exist_ok=True)


@asynccontextmanager
async def known_world(issuer: Issuer) -> AsyncIterator[World]:
    """The world that `lay_out_world` put where `issuer` runs."""
    template = await _template()
    jar = CookieJar()
    jar.update_cookies(template.cookies, URL(issuer.url))
    device = replace(template.device, passkey=replace(template.device.passkey))
    async with session_with(client_context(issuer.pki), cookie_jar=jar) as session, broker_peer(issuer) as broker:
        yield World(issuer=issuer, owner=Dashboard(issuer, session), broker=broker, device=device, **template.held)


@asynccontextmanager
async def running_world(root: Path, clock: ManualClock | None = None) -> AsyncIterator[World]:
    """LedgerOS on `root` with an organisation ready for a release."""
    await lay_out_world(root)
    async with running_issuer(root, clock=clock) as issuer, known_world(issuer) as world:
        yield world

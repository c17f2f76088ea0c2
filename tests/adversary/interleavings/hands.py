"""Everybody's hands in one: what agents, brokers, browsers, shops and people do to one LedgerOS, and what came of it."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from broker.issuer.sweep import sweep
from tests.adversary.interleavings.held import Approval, Intent, Number, Token, approve
from tests.adversary.interleavings.laws import Laws
from tests.adversary.interleavings.parties import Parties, running_parties
from tests.api.issuer.parties import BrokerPeer
from tests.api.issuer.serving import SHOP, Reply

SHOP_NAME = "Example Shop"
MERCHANTS: dict[str, dict[str, Any]] = {
    "at the shop": {"name": SHOP_NAME, "id": "shop-1", "origin": SHOP},
    "elsewhere": {"name": "Other", "id": "shop-2", "origin": "https://other.example"},
    "under its name": {"name": SHOP_NAME, "id": "shop-1", "origin": "https://other.example"},
    "unnamed": {"name": SHOP_NAME, "id": "shop-1"},
}


class Hands:
    """One organisation, and all that is held of it outside. `reached` counts what happened."""

    def __init__(self) -> None:
        self.reached: Counter[str] = Counter()
        self.laws = Laws()
        self.intents: list[Intent] = []
        self.tokens: list[Token] = []
        self.numbers: list[Number] = []
        self.delivered: Counter[str] = Counter()
        self.revoked = False
        self._folder = tempfile.TemporaryDirectory()
        self._runner = asyncio.Runner()
        self._opened = AsyncExitStack()
        self.parties: Parties = self.run(self._open())
        self.world, self.cards = self.parties.world, self.parties.cards
        self.look()

    async def _open(self) -> Parties:
        return await self._opened.enter_async_context(running_parties(Path(self._folder.name)))

    def close(self) -> None:
        self.run(self._opened.aclose())
        self._runner.close()
        self._folder.cleanup()

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def look(self) -> None:
        """See what the last step left."""
        self.world.issuer.context.db.read_now(self.laws.read)

    def obey(self) -> None:
        """What must hold after every step."""
        self.look()
        self.laws.obey(self.world.clock.now_ms())
        assert all(token.redeemed <= 1 for token in self.tokens)
        assert all(times <= 3 for times in self.delivered.values())
        assert sum(self.delivered.values()) == len(self.laws.told.windows), "what was opened was delivered, and nothing else"

    # An agent -----------------------------------------------------------------------------

    def mint(self, which: int, reason: str) -> Token | None:
        reply: Reply = self.run(self.world.details(self.cards[which], merchantText=SHOP_NAME, reason=reason))
        return self._minted(reply, self.cards[which], reason)

    def intend(self, which: int, reason: str) -> Intent | None:
        body = {"summary": "Supplies", "expectedAmount": 5_000, "expectedMerchant": SHOP_NAME, "reason": reason}
        path = f"/v1/cards/{self.cards[which]}/intents"
        reply: Reply = self.run(self.world.call("POST", path, body, key=self.world.agent_token))
        if reply.status != 201:
            return None
        self.intents.insert(0, Intent(reply.body["id"], self.cards[which], reason))
        return self.intents[0]

    def mint_of(self, intent: Intent, reason: str | None = None) -> Token | None:
        asked = {} if reason is None else {"reason": reason}
        reply: Reply = self.run(self.world.details(intent.card, intentId=intent.id, merchantText=SHOP_NAME, **asked))
        assert reply.status != 200 or reason in (None, intent.reason), "a token for something else than its intent"
        self.reached[f"mint: {reply.body.get('code', 'granted')}"] += 1
        return self._minted(reply, intent.card, intent.reason, intent)

    def _minted(self, reply: Reply, card: str, reason: str, intent: Intent | None = None) -> Token | None:
        if reply.status != 200:
            return None
        self.tokens.insert(0, Token(reply.body["detailsToken"], reply.body["accessEventId"], card, reason, intent))
        return self.tokens[0]

    # Brokers ------------------------------------------------------------------------------

    def introspect(self, held: Token | Intent, by: int = 0) -> None:
        body = {"token": held.text} if isinstance(held, Token) else {"intentId": held.id}
        reply: Reply = self.run(self.parties.brokers[by].post("introspect", body))
        if reply.status == 200 and reply.body["active"]:
            held.facts = reply.body["facts"]

    def broker_of(self, approval: Approval, *, other: bool = False) -> BrokerPeer:
        """The one that a decision names, or the other."""
        mine = int(approval.signed.decision.broker_id == self.parties.second.id)
        return self.parties.brokers[mine ^ other]

    def redeem(self, token: Token, approval: Approval, broker: BrokerPeer | None = None) -> None:
        broker = broker or self.broker_of(approval)
        self.released(token, self.run(broker.redeem(token.text, approval.signed)), approval, broker)

    def released(self, token: Token, reply: Reply, approval: Approval, broker: BrokerPeer) -> None:
        """What a redeem was answered; a delivery must be due."""
        if reply.status != 200:
            assert "sealed" not in reply.body
            self.reached[f"refused: {reply.body['code']}"] += 1
            return
        assert approval.honest, "nothing is delivered without a valid decision"
        assert broker.id == approval.signed.decision.broker_id, "nor to another broker"
        assert not self.revoked, "nor to a revoked browser"
        token.redeemed += 1
        self.delivered[approval.digest] += 1
        self.numbers.insert(0, Number(approval.opens.open(reply.body, approval.signed.decision), token.card))

    async def report(self, token: Token, outcome: str, names: str, broker: BrokerPeer, *, of_another: bool = False) -> None:
        """`names` the token, its intent where it has one, or both; `of_another`: as the end of another release."""
        intent = token.intent.id if token.intent is not None and names != "token" else None
        event = None if names == "intent" and intent is not None else token.event
        release = token.approvals[0].signed.decision.release_id if token.approvals and not of_another else "rel_1"
        body: dict[str, Any] = {"releaseId": release, "accessEventId": event, "intentId": intent, "outcome": outcome, "fields": []}
        self.reached[f"report: {(await broker.post('outcomes', body)).status}"] += 1

    def close_window(self, token: Token, by: int, *, by_release: bool) -> None:
        release = token.approvals[0].signed.decision.release_id
        named = {"releaseId": release} if by_release else {"accessEventId": token.event}
        self.reached[f"close: {self.run(self.parties.brokers[by].post('windows/close', named)).status}"] += 1

    # The ordinary way ---------------------------------------------------------------------

    def decide_and_redeem(self, token: Token, how: str) -> None:
        """Approve what the token or its intent is about; spend the token."""
        facts = (token.intent or token).facts
        if facts is not None:
            token.approvals.insert(0, approve(self.parties, facts, how))
            self.redeem(token, token.approvals[0])

    # Shops, back ends and time ------------------------------------------------------------

    def charge(self, number: Number, amount: int, where: str, previous: str | None = None) -> None:
        changes = {} if previous is None else {"previousTransactionId": previous}
        reply: Reply = self.run(self.world.authorise(number.credentials, amount, merchant=MERCHANTS[where], **changes))
        assert reply.status == 200
        if reply.body["status"] == "declined":
            return
        assert amount <= 5_100, "above what was approved"
        assert where == "at the shop" or (where == "unnamed" and number.card in self.laws.told.relaxed)
        self.reached[f"charged {where}"] += 1
        number.charge = number.charge or reply.body["id"]

    def relax(self, card: str, *, strict: bool) -> None:
        self.run(self.world.call("PATCH", f"/v1/cards/{card}", {"requireMerchantOrigin": strict}))
        self.look()

    def sweep(self) -> None:
        context = self.world.issuer.context
        self.run(context.db.write(lambda tx: sweep(tx, context.now(), context.settings)))

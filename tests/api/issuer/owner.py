"""The owner in the dashboard, and the person on the KYC page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientSession, CookieJar

from broker.core.money import plain_money
from broker.issuer.web.accounts import new_setup_link
from broker.pki.contexts import client_context
from tests.api.issuer.serving import Issuer, Reply, ask, session_with

PASSWORD = "correct horse battery"


@dataclass
class Dashboard:
    """A person's browser on the dashboard: cookies, forms, CSRF tokens."""

    issuer: Issuer
    session: ClientSession

    async def get(self, path: str) -> Reply:
        return await ask(self.session, "GET", self.issuer.url + path)

    async def post(self, path: str, page: str | None = None, **fields: str) -> Reply:
        """Send a form with the CSRF token of the page it stands on."""
        if page is not None:
            fields = {"csrf": csrf_of((await self.get(page)).text), **fields}
        return await ask(self.session, "POST", self.issuer.url + path, data=fields)

    async def create_key(self, kind: str = "backend", expires: str = "") -> str:
        reply = await self.post("/settings/api-keys", "/settings/api-keys", name="test", kind=kind, expires=expires)
        return secret_of(reply.text)

    async def create_code(self, kind: str) -> str:
        return secret_of((await self.post("/brokers/codes", "/brokers", kind=kind)).text)

    async def set_approval(self, approval: str, step_up_above: int = 10_000) -> None:
        page = "/settings/approval"
        assert (await self.post(page, page, approval=approval, step_up_above=plain_money(step_up_above, "USD"))).status == 303

    async def set_raw_pan(self, value: str) -> None:
        assert (await self.post("/settings/raw-pan", "/settings/approval", raw_pan=value)).status == 303


def csrf_of(text: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    assert found, "the page has no form"
    return found[1]


def secret_of(text: str) -> str:
    found = re.search(r'class="secret" data-copy="([^"]+)"', text)
    assert found, "the page shows no secret"
    return found[1]


async def setup_path(issuer: Issuer) -> str:
    now = issuer.context.now()
    return "/setup/" + await issuer.context.db.write(lambda tx: new_setup_link(tx, now, 60))


@asynccontextmanager
async def dashboard(issuer: Issuer, name: str = "Ada", organisation: str = "Harness") -> AsyncIterator[Dashboard]:
    """A new organisation's owner, signed in."""
    jar = CookieJar()
    async with session_with(client_context(issuer.pki), cookie_jar=jar) as session:
        person = Dashboard(issuer, session)
        reply = await person.post(await setup_path(issuer), organisation=organisation, name=name, password=PASSWORD)
        assert reply.status == 303, reply.text
        yield person


async def complete_kyc(issuer: Issuer, link: str, choice: str = "approve") -> Reply:
    """What the applicant does on the linked page."""
    page = await ask(issuer.session, "GET", link)
    proof = re.search(r'name="proof" value="([^"]+)"', page.text)
    return await ask(issuer.session, "POST", link, data={"choice": choice, "proof": proof[1] if proof else ""})

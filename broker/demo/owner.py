"""The owner of the organisation at LedgerOS's dashboard, and the applicant at the KYC page: real pages, real forms."""

from __future__ import annotations

import secrets
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from broker.demo.web_forms import Page, Visitor
from broker.protocol.proof import normalise_code

NAME = "Ada Owner"
ORGANISATION = "Demo Company"


class Owner:
    """A signed-in person at the dashboard; use as an asynchronous context manager."""

    def __init__(self, url: str, ca_file: Path) -> None:
        self._url = url
        self._visitor = Visitor(ca_file)
        self.password = secrets.token_urlsafe(18)

    async def __aenter__(self) -> Self:
        await self._visitor.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._visitor.__aexit__(kind, error, trace)

    async def sign_up(self, link: str) -> None:
        """Open the one-time link, choose name and password."""
        page = await self._visitor.open(link)
        form = page.forms[0]
        await self._visitor.submit(page, form, {"organisation": ORGANISATION, "name": NAME, "password": self.password})

    async def create_key(self, kind: Literal["backend", "acquirer"], name: str) -> str:
        """Settings > API Keys > Create Key: the key, shown once."""
        page = await self._visitor.open(f"{self._url}/settings/api-keys")
        after = await self._visitor.submit(page, page.form("/settings/api-keys"), {"name": name, "kind": kind})
        return after.code("lk_test_" if kind == "backend" else "aq_test_")

    async def enrolment_code(self, kind: Literal["broker", "browser", "egress"]) -> str:
        """Brokers & browsers > Enrol: the code, shown once."""
        page = await self._visitor.open(f"{self._url}/brokers")
        after = await self._visitor.submit(page, page.form("/brokers/codes"), {"kind": kind})
        return _only_code(after)

    async def choose_approval(self, approval: Literal["step-up", "passkey", "click"]) -> None:
        """Settings > Approval."""
        page = await self._visitor.open(f"{self._url}/settings/approval")
        await self._visitor.submit(page, page.form("/settings/approval"), {"approval": approval})


async def complete_kyc(link: str, ca_file: Path, choice: Literal["approve", "deny", "more"] = "approve") -> None:
    """The applicant completes KYC in the sandbox's page."""
    async with Visitor(ca_file) as visitor:
        page = await visitor.open(link)
        await visitor.submit(page, page.forms[0], {"choice": choice})


def _only_code(page: Page) -> str:
    for text in page.codes:
        try:
            normalise_code(text)
        except ValueError:
            continue
        return text
    return page.code("a code")

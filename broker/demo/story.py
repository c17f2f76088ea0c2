"""The demo's story, step by step."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import FloatRect

from broker import admin
from broker.core.errors import LedgerError
from broker.core.money import format_money
from broker.demo.account import Account
from broker.demo.browser import ShoppingBrowser
from broker.demo.developer import Developer
from broker.demo.evidence import NumberSearch
from broker.demo.measured import NotMeasuredError, readable
from broker.demo.owner import Owner, complete_kyc
from broker.demo.person import Person, Popup
from broker.demo.plan import APPROVED, ENDS, FILLED, PAID, Mode, Plan
from broker.demo.purchase import checkout_page, purchase
from broker.demo.stage import OpenShop, Stage
from broker.demo.tale import Tale
from broker.install import egress
from broker.install.extension_build import build_extension, extension_id
from broker.issuer.admin import create_setup_link, number_of_card

_UPPER_PART: FloatRect = {"x": 0, "y": 0, "width": 1_180, "height": 470}
# What is kept on disk shows that the fields are filled, not with what. A stand-in may be seen.
_SECRET = "input[autocomplete=cc-number], input[autocomplete=cc-csc]"
_CONCEAL: dict[Mode, str] = {"surrogate": "", "direct": f"{_SECRET} {{ -webkit-text-security: disc !important; }}"}
_SEES = "document.querySelector('[data-testid=mode]').innerText"


class Story:
    """One run: who takes part, and what they do."""

    account: Account
    owner: Owner
    shop: OpenShop
    browser: ShoppingBrowser
    person: Person
    paid: str
    """The amount that LedgerOS booked, for a person."""

    def __init__(self, stage: Stage, tale: Tale, plan: Plan | None = None) -> None:
        self.stage = stage
        self.tale = tale
        self.plan = plan or Plan()

    @property
    def origin(self) -> str:
        """Of the shop that is bought at."""
        return self.shop.at(self.plan.kind)

    async def set_up(self) -> None:
        """Everything until the agent can start."""
        await self._start_servers()
        await self._quick_start()
        await self._open_shop_and_browser()

    async def _start_servers(self) -> None:
        self.tale.chapter("LedgerOS and the broker")
        with self.tale.step("Build the extension") as step:
            await asyncio.to_thread(build_extension, lambda _: None)
            step.result = extension_id()
        with self.tale.step("Make a private CA and certificates (P-256, TLS 1.3)"):
            self.stage.make_certificates()
        with self.tale.step("Start LedgerOS") as step:
            step.result = (await self.stage.start_issuer())["publicUrl"]
        with self.tale.step("Start the broker, its own process") as step:
            step.result = (await self.stage.start_broker())["agentUrl"]

    async def _quick_start(self) -> None:
        self.tale.chapter("The Quick Start")
        url, ca_file = self.stage.state.issuer_endpoints()["publicUrl"], self.stage.state.pki.ca_file
        with self.tale.step("1  Open the one-time link, sign in, create an API key (shown once)"):
            self.owner = await self.stage.enter(Owner(url, ca_file))
            await self.owner.sign_up(create_setup_link(self.stage.state.path))
            developer = Developer(url, ca_file, await self.owner.create_key("backend", "demo back end"))
            self.account = Account(developer, await self.owner.create_key("acquirer", "demo shop"))
        with self.tale.step("2  Create a user; the person completes KYC in a web page") as step:
            user = await developer.create_user()
            await complete_kyc(user["applicationCompletionLink"], ca_file)
            self.account.user_id = user["id"]
            step.result = (await developer.call("GET", f"/v1/users/{user['id']}"))["applicationStatus"]
        with self.tale.step("3  Create an agent and its agent token") as step:
            agent = await developer.create_agent(user["id"])
            self.account.agent_id = agent["id"]
            self.account.agent_token = await developer.agent_token(agent["id"])
            step.result = agent["name"]
        with self.tale.step("4  Issue a card") as step:
            await self.account.new_card()
            step.result = f"Visa ·· {self.account.last4}, extensionOnly"

    async def _open_shop_and_browser(self) -> None:
        self.tale.chapter("The browser")
        state = self.stage.state.path
        with self.tale.step("Open the shop, its own process") as step:
            self.shop = await self.stage.start_shop(self.account.acquirer_key)
            step.result = self.origin
        with self.tale.step("Start Chromium with the extension"):
            self.browser = await self.stage.open_browser(self.shop)
            self.person = Person(self.browser, extension_id())
        with self.tale.step("Pair the browser: type the broker's code in the extension"):
            await self.person.pair(admin.create_pairing_code(state))
        with self.tale.step("Enrol the broker at LedgerOS with a code from the dashboard"):
            await asyncio.to_thread(admin.enrol_broker, state, await self.owner.enrolment_code("broker"))
        with self.tale.step("Enrol the browser with a code and a passkey (a virtual authenticator)"):
            await self.person.enrol(await self.owner.enrolment_code("browser"))
        if self.plan.wanted == "surrogate":
            await self.open_egress()
        if self.plan.lesson:
            await self._teach()
        with self.tale.step("Add the agent at the broker"):
            self.account.broker_credential = admin.add_agent(state, "checkout-bot").credential

    async def open_egress(self) -> None:
        """Start the process that puts the number into payments, and enrol its key."""
        with self.tale.step("Start the egress, its own process with its own key") as step:
            await self.stage.start_egress(self.shop)
            step.result = "the one that will hold the number, for one request"
        with self.tale.step("Enrol its key at LedgerOS with a code from the dashboard") as step:
            enrolled = await asyncio.to_thread(egress.enrol, self.stage.state, await self.owner.enrolment_code("egress"))
            step.result = f"{enrolled.key_id[:12]}…"

    async def _teach(self) -> None:
        from broker.demo.teaching import teach  # needs a terminal of its own, which not every system has

        with self.tale.step("Teach it the shop: ledgeros teach, and pay there once with a number that is worth nothing") as step:
            await teach(self.stage, self.shop, f"{self.origin}/checkout", self.stage.hands)
            step.result = f"the number may go to {self.plan.kind.pay_host}"

    async def buy(self) -> bool:
        """The purchase; whether the agent could read the number in the page, its requests or their answers."""
        self.tale.chapter("The purchase")
        tale, mode = self.tale, self.plan.mode
        async with purchase(self.stage, self.account, self.shop, self.browser.port, shop_url=f"{self.origin}/") as deal:
            with tale.step("The agent, its own process with an agent token, goes to the checkout") as step:
                step.result = (await deal.expect("checkout"))["url"]
            with tale.step("5  It asks LedgerOS for card details and gets a token, not a number") as step:
                step.result = f"card ending {(await deal.expect('details'))['last4']}"
            with tale.step("It asks the broker for a release") as step:
                step.result = (await deal.expect("asked"))["release"]
            await self._decide()
            with tale.step(FILLED[mode]) as step:
                released = await deal.released()
                if (released["status"], released["mode"]) != (ENDS[mode][0], mode):
                    raise LedgerError(500, str(released["outcome"]), str(released["message"]), released["next_step"])
                step.result = ", ".join(released["fields"])
            page = checkout_page(self.browser.context, self.origin)
            await page.screenshot(path=self.stage.screenshots / "checkout.png", style=_CONCEAL[mode], clip=_UPPER_PART)
            with tale.step("The agent reads the page: fields, markup, accessibility tree"):
                held = await deal.held()
            with tale.step(PAID[mode]) as step:
                paid = await deal.let_pay()
                if paid.outcome != ENDS[mode][1]:
                    raise LedgerError(500, paid.outcome, f"The release ended as {paid.outcome}.")
                step.result = " ".join(paid.text.split("✓ Paid")[-1].split())
            await page.screenshot(path=self.stage.screenshots / "paid.png")
        with tale.step("The transaction is attested") as step:
            step.result = await self._attestation()
        return readable(number_of_card(self.stage.state.path, self.account.card_id), held, paid.held, self.plan)

    async def _decide(self) -> None:
        with self.tale.step("The popup shows claimed beside seen, and who sees the number") as step:
            popup_context = self.person.popup()
            popup = await popup_context.__aenter__()
            await popup.wait_until_ready()
            step.result = str(await popup.page.evaluate(_SEES))
        try:
            if self.plan.declined:
                with self.tale.step("Surrogate mode is declined, direct mode is offered") as step:
                    step.result = await self._why_declined(popup)
            with self.tale.step("The person approves, the passkey signs"):
                await popup.page.screenshot(self.stage.screenshots / "popup.png", "main")
                if self.stage.look.headed:
                    self.tale.note("Your turn: press Approve in the popup.")
                    await popup.wait_for_text(APPROVED[self.plan.mode], 115)
                else:
                    await popup.approve()
                    await popup.wait_for_text(APPROVED[self.plan.mode])
            await popup.page.screenshot(self.stage.screenshots / "popup-filled.png", "main")
        finally:
            await popup_context.__aexit__(None, None, None)

    async def _why_declined(self, popup: Popup) -> str:
        text = await popup.text()
        if (said := re.search(r"This checkout encrypts the card inside the page[^.]*\.", text)) is None:
            raise LedgerError(500, "not_declined", "The popup does not say that the checkout encrypts the card.", text[:300])
        return said[0]

    async def _attestation(self) -> str:
        answer = await self.account.developer.call("GET", f"/v1/cards/{self.account.card_id}/transactions")
        row = answer["data"][0]
        if (row["attestationStatus"], row["status"]) != ("attested", "completed"):
            raise LedgerError(500, "not_attested", f"The transaction is {row['status']} and {row['attestationStatus']}.")
        self.paid = format_money(row["amount"], row["currency"])
        return f"{row['status']}, {row['attestationStatus']}"

    def sent_to_agent(self) -> bool:
        """Whether anything the agent received holds the number."""
        transcript = self.stage.transcript.read_bytes()
        if self.account.last4.encode() not in transcript:
            raise NotMeasuredError("its transcript is not complete")
        return NumberSearch(number_of_card(self.stage.state.path, self.account.card_id)).finds_in(transcript)

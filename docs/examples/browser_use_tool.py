"""Payment tools for browser-use, and for every framework that registers an async function with a description.

    tools = Tools()
    async with LedgerOS.from_file("agent.json") as ledgeros:
        add_payment_tools(tools, ledgeros, card="card_…")
        await Agent(task="Buy the notebook set", llm=llm, tools=tools, browser=browser).run()

The model says what it buys; the address comes from the browser, not from the model.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from broker.client import AgentError, LedgerOS, Payment

PAY = (
    "Pay on the checkout page that is open. amount is the total in minor units (49.90 is 4990), purpose says what is bought. "
    "A person decides; then the card fields are filled. Submit the page, then call payment_ended. "
    "You are told no card number and type none."
)
ENDED = "Say how the last payment ended. Call it after you have submitted the page that pay filled."


class Tools(Protocol):
    """What browser-use's ``Tools`` offers."""

    def action(self, description: str) -> Callable[[Callable[..., Awaitable[str]]], Any]:
        """Register the decorated function as a tool."""


def add_payment_tools(tools: Tools, ledgeros: LedgerOS, card: str) -> None:
    """Let the agent pay with `card`, and ask how that ended."""
    last: Payment | None = None

    @tools.action(PAY)
    async def pay(amount: int, purpose: str, browser_session: Any) -> str:
        nonlocal last
        try:
            page_url = await browser_session.get_current_page_url()
            last = await ledgeros.pay(page_url=page_url, card=card, amount=amount, purpose=purpose)
        except (AgentError, ValueError) as error:
            return f"Not paid: {error}"
        return told(last)

    @tools.action(ENDED)
    async def payment_ended() -> str:
        nonlocal last
        if last is None:
            return "No payment was begun."
        try:
            last = await ledgeros.settled(last)  # with stand-ins in the form: the real card goes in when the page is submitted
        except AgentError as error:
            return f"It is not known how the payment ended: {error}"
        return told(last)


def told(payment: Payment) -> str:
    """A payment in words for a model."""
    return f"{payment.code or 'ready'}: {payment.sentence} Next: {payment.next_step}"

"""The TypeScript client does what the Python one does, with the same names."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from broker.protocol.channel import Offer, Withdrawn
from broker.protocol.outcomes import MEANINGS, Outcome
from tests.api.broker.fake_ledger import ORIGIN
from tests.api.client.harness import Till
from tests.api.client.node import build_client, compile_typescript, run_node

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"
ORDER = {"pageUrl": ORIGIN + "/checkout", "card": "card_1", "amount": 5_000, "merchant": "Shop", "purpose": "Paper for the office"}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("node")
    build_client(folder)
    return Path(shutil.copy(Path(__file__).with_name("pay.mjs"), folder))


async def run(script: Path, till: Till, **changes: object) -> dict[str, Any]:
    order = {"config": str(till.write_configuration()), **ORDER, **changes}
    answer: dict[str, Any] = json.loads(await run_node(script, json.dumps(order)))
    return answer


async def test_a_payment_is_approved_first_and_shows_no_secret(script: Path, till: Till) -> None:
    browser = await till.approving_browser()
    answer = await run(script, till)
    await browser
    payment = answer["payment"]
    assert (payment["code"], payment["filled"], payment["last4"], payment["valueDelivered"]) == ("filled", True, "7897", True)
    assert till.ledger.details[0]["intentId"] == next(iter(till.ledger.intents))
    assert till.ledger.canceled == []
    events = await till.stack.events()
    assert events.index("person:release:approved") < events.index("agent:token:given")
    assert till.ledger.tokens
    assert not [secret for secret in till.secrets if secret in json.dumps(answer)]


@pytest.mark.parametrize("first", [True, False])
async def test_what_it_is_for_is_said_with_the_intent_and_the_token(script: Path, till: Till, first: bool) -> None:
    for wanted in ({}, {"reason": "subscription"}):
        browser = await till.approving_browser()
        assert (await run(script, till, approvalFirst=first, **wanted))["payment"]["filled"]
        await browser
    assert [details["reason"] for details in till.ledger.details] == ["one-time", "subscription"]
    assert [intent["reason"] for intent in till.ledger.intents.values()] == (["one-time", "subscription"] if first else [])


async def test_it_is_tried_once_more_and_then_taken_back(script: Path, till: Till) -> None:
    browser = await till.approving_browser(Outcome.PAGE_CHANGED, Outcome.PAGE_CHANGED)
    payment = (await run(script, till))["payment"]
    await browser
    assert (payment["code"], payment["retry"], len(till.ledger.tokens)) == ("page_changed", "same decision", 2)
    assert till.ledger.canceled == list(till.ledger.intents)


async def test_with_the_token_first_nothing_is_announced(script: Path, till: Till) -> None:
    browser = await till.approving_browser()
    payment = (await run(script, till, approvalFirst=False))["payment"]
    await browser
    assert payment["filled"]
    assert till.ledger.intents == {}


async def test_denied_and_refused_are_outcomes(script: Path, till: Till) -> None:
    browser = await till.stack.browser()
    paying = asyncio.create_task(run(script, till))
    await browser.deny((await browser.expect(Offer, 30)).release_id)
    assert (await paying)["payment"]["code"] == "denied"
    till.ledger.refusals["intents"] = (403, {"error": "The card is frozen.", "code": "card_frozen", "hint": "Unfreeze it."})
    refused = (await run(script, till))["payment"]
    assert (refused["code"], refused["sentence"], refused["nextStep"]) == ("refused_by_issuer", "The card is frozen.", "Unfreeze it.")


async def test_an_agent_that_stops_waiting_takes_the_request_back(script: Path, till: Till) -> None:
    browser, given_up = await till.stack.browser(), till.folder / "given-up"
    paying = asyncio.create_task(run(script, till, abortWhen=str(given_up)))
    await browser.expect(Offer, 30)
    given_up.touch()
    assert (await paying)["error"]["name"] == "AbortError"
    assert (await browser.expect(Withdrawn)).outcome == "withdrawn", "the person is asked no more"
    assert till.ledger.canceled == list(till.ledger.intents)
    assert till.ledger.tokens == []


async def test_faults_are_thrown_without_secrets(script: Path, till: Till) -> None:
    till.ledger.refusals["intents"] = (429, {"error": "Rate limit exceeded", "retryAfter": 1_200})
    limited = await run(script, till)
    assert (limited["error"]["code"], limited["error"]["retryAfterMs"], limited["known"]) == ("rate_limited", 1_200, True)
    assert (await run(script, till, amount=49.9))["error"]["name"] == "TypeError"
    file = till.write_configuration()
    file.chmod(0o644)
    open_file = json.loads(await run_node(script, json.dumps({"config": str(file), **ORDER})))
    assert "chmod 600" in open_file["error"]["message"]
    assert not [secret for secret in till.secrets if secret in json.dumps([limited, open_file])]


def test_the_example_fits_the_types(script: Path) -> None:
    example = shutil.copy(EXAMPLES / "playwright_checkout.mts", script.parent)
    options = "--noEmit --strict --skipLibCheck --module nodenext --target es2022 --lib es2022,dom --types node"
    compile_typescript(script.parent, *options.split(), str(example))


async def test_its_outcomes_are_the_brokers(script: Path) -> None:
    told = json.loads(await run_node(script, "{}"))
    assert told == {
        outcome.value: {
            "sentence": meaning.sentence, "nextStep": meaning.next_step, "valueDelivered": meaning.value_delivered, "retry": meaning.retry,
        }
        for outcome, meaning in MEANINGS.items()
    }  # fmt: skip

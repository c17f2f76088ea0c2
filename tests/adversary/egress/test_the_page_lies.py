"""Page script, or an agent with the page's whole CDP, tries to have the real number sent where it can read it later."""

from __future__ import annotations

import asyncio

import pytest

from broker.egress.taught import write_taught
from broker.protocol.egress import EGRESS_MEANINGS, EgressOutcome
from tests.unit.egress.merchant import Received, answering
from tests.unit.egress.stand import FORM, FORM_BODY, Stand
from tests.unit.egress.values import REAL, SURROGATE, SURROGATE_CODE, taught, taught_as


async def nothing_real_was_sent(stand: Stand, *arguments: object, outcome: EgressOutcome, **changes: object) -> None:
    answered = await stand.send(await stand.arm(), *arguments, **changes)
    assert answered.outcome is outcome
    assert not answered.end.may_have_been_charged
    assert stand.merchant.received == []


async def test_a_renamed_field_is_not_swapped(stand: Stand) -> None:
    body = FORM_BODY.replace(b"card%5Bnumber%5D", b"address2")
    await nothing_real_was_sent(stand, None, body, outcome=EgressOutcome.FIELD_MISMATCH)


async def test_a_changed_form_action_is_not_swapped(stand: Stand) -> None:
    for path in ("/account/notes", "/pay/acct_1/notes", "/pay/", "/pay/acct_1/..", "/pay/%61cct_1/x", "//pay/acct_1"):
        answered = await stand.send(await stand.arm(), stand.merchant.url("form-pay.localhost", path))
        assert answered.outcome in (EgressOutcome.NOT_REGISTERED, EgressOutcome.DESTINATION_REFUSED)
    assert stand.merchant.received == []


async def test_the_number_pasted_into_other_fields_stays_a_surrogate(stand: Stand) -> None:
    body = FORM_BODY + f"&address2={SURROGATE}&note=card+{SURROGATE}+{SURROGATE_CODE}".encode()
    await stand.paid(None, body)
    sent = stand.merchant.received[0].body
    assert sent.count(REAL.encode()) == 1
    assert sent.endswith(f"&address2={SURROGATE}&note=card+{SURROGATE}+{SURROGATE_CODE}".encode())


async def test_the_codes_digits_elsewhere_are_not_swapped_by_value(stand: Stand) -> None:
    await stand.paid(None, FORM_BODY + f"&amount={SURROGATE_CODE}".encode())
    assert stand.merchant.received[0].body.endswith(f"&amount={SURROGATE_CODE}".encode())


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/octet-stream"])
async def test_the_right_address_with_another_content_type_is_not_swapped(stand: Stand, content_type: str) -> None:
    await nothing_real_was_sent(stand, None, FORM_BODY, content_type, outcome=EgressOutcome.NOT_REGISTERED)


async def test_another_method_or_an_unregistered_query_is_not_swapped(stand: Stand) -> None:
    await nothing_real_was_sent(stand, method="PUT", outcome=EgressOutcome.NOT_REGISTERED)
    url = stand.merchant.url("form-pay.localhost", "/pay/acct_1?callback=x")
    await nothing_real_was_sent(stand, url, outcome=EgressOutcome.NOT_REGISTERED)


async def test_a_compressed_body_is_not_swapped(stand: Stand) -> None:
    headers = (("Content-Type", FORM), ("Content-Encoding", "gzip"))
    await nothing_real_was_sent(stand, headers=headers, outcome=EgressOutcome.BODY_NOT_READABLE)


async def test_two_payments_at_the_same_moment_are_one(stand: Stand) -> None:
    release = await stand.arm()
    answers = await asyncio.gather(*(stand.send(release) for _ in range(8)))
    assert sorted(answered.outcome for answered in answers) == sorted([EgressOutcome.SWAPPED] + [EgressOutcome.SWAP_ALREADY_USED] * 7)
    assert len(stand.merchant.received) == 1


async def test_a_307_to_a_foreign_origin_is_not_followed_with_the_number(stand: Stand) -> None:
    foreign = stand.merchant.url("shop.localhost", "/collect")
    stand.merchant.answer = answering(b"moved", f"Location: {foreign}", status="307 Temporary Redirect")
    release = await stand.arm()
    first = await stand.send(release)
    assert first.outcome is EgressOutcome.REDIRECT_REFUSED
    assert first.head is not None
    assert first.head.status == 307
    assert first.end.may_have_been_charged
    second = await stand.send(release, foreign)
    assert EGRESS_MEANINGS[second.outcome].browser == "continue"
    assert second.outcome is EgressOutcome.SWAP_ALREADY_USED
    assert len(stand.merchant.received) == 1


async def test_a_308_to_a_registered_destination_is_swapped_there_and_nowhere_else(stand: Stand) -> None:
    write_taught(stand.settings.folder, (taught(), taught_as("form")))
    next_url = stand.merchant.url("shop.localhost", "/buy")

    async def answer(received: Received, writer: asyncio.StreamWriter) -> None:
        moved = answering(b"", f"Location: {next_url}#x", status="308 Permanent Redirect")
        await (answering(b"paid") if "/buy" in received.line else moved)(received, writer)

    stand.merchant.answer = answer
    release = await stand.arm()
    assert (await stand.send(release)).outcome is EgressOutcome.SWAPPED
    for url, body in ((None, FORM_BODY), (next_url, FORM_BODY + b"&x=1")):
        assert (await stand.send(release, url, body)).outcome is EgressOutcome.SWAP_ALREADY_USED
    assert (await stand.send(release, next_url)).body == b"paid"
    assert (await stand.send(release, next_url)).outcome is EgressOutcome.SWAP_ALREADY_USED
    assert [received.body.count(REAL.encode()) for received in stand.merchant.received] == [1, 1]


async def test_redirects_in_a_circle_end(stand: Stand) -> None:
    stand.merchant.answer = answering(b"", "Location: /pay/acct_1", status="307 Temporary Redirect")
    release = await stand.arm()
    outcomes = [(await stand.send(release)).outcome for _ in range(8)]
    assert outcomes == [EgressOutcome.SWAPPED] * 5 + [EgressOutcome.SWAP_ALREADY_USED] * 3

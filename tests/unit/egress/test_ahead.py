"""The egress connects to where an approved checkout pays, before the page does; it sends nothing there."""

from __future__ import annotations

import asyncio

import pytest

from broker.egress.taught import write_taught
from broker.protocol.egress import EgressOutcome
from tests.unit.egress.stand import FORM_BODY, Stand
from tests.unit.egress.values import taught

FIRST_PARTY = FORM_BODY.replace(b"card%5Bnumber%5D", b"number").replace(b"card%5Bcvc%5D", b"code")


async def only_connection(stand: Stand) -> None:
    await asyncio.wait_for(stand.merchant.connected.acquire(), 10)
    assert stand.merchant.connections == 1


@pytest.fixture
def shop(stand: Stand) -> str:
    """The shop whose own page is its processor."""
    return stand.merchant.url("shop.localhost", "")


async def test_a_payment_finds_its_connection_made(stand: Stand, shop: str) -> None:
    release = await stand.arm(origin=shop)
    await only_connection(stand)
    assert stand.merchant.received == []
    answered = await stand.send(release, f"{shop}/pay", FIRST_PARTY, top_origin=shop, frame_origin=shop)
    assert answered.outcome is EgressOutcome.SWAPPED
    assert [received.line for received in stand.merchant.received] == ["POST /pay HTTP/1.1"]
    assert stand.merchant.connections == 1


async def test_a_page_that_nothing_is_known_of_is_not_connected_to(stand: Stand, shop: str) -> None:
    for origin in (stand.merchant.url("other.localhost", ""), "https://shop.example"):
        await stand.arm(origin=origin)
    await stand.arm(origin=shop)
    await only_connection(stand)


async def test_an_address_that_a_payment_could_not_have_is_not_connected_to(stand: Stand, shop: str) -> None:
    origin = shop.replace("https:", "http:")
    write_taught(stand.settings.folder, (taught(origin=origin),))
    await stand.arm(origin=origin)
    await stand.arm(origin=shop)
    await only_connection(stand)


async def test_a_place_that_does_not_answer_keeps_nothing_from_being_armed_and_paid(stand: Stand, shop: str) -> None:
    write_taught(stand.settings.folder, (taught(host="nobody.localhost", origin=shop),))
    release = await stand.arm(origin=shop)
    await only_connection(stand)
    answered = await stand.send(release, f"{shop}/pay", FIRST_PARTY, top_origin=shop, frame_origin=shop)
    assert answered.outcome is EgressOutcome.SWAPPED

"""Rate limits with the contract's defaults, and Idempotency-Key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.issuer.settings import IssuerSettings
from tests.api.issuer.harness import World
from tests.api.issuer.owner import dashboard
from tests.api.issuer.serving import Issuer, running_issuer

USER = {"firstName": "John", "lastName": "Doe", "email": "john@example.com"}


@pytest.fixture
async def default_issuer(tmp_path: Path) -> AsyncIterator[Issuer]:
    async with running_issuer(tmp_path, IssuerSettings()) as running:
        yield running


async def test_reads_are_limited_in_the_contracts_words(default_issuer: Issuer) -> None:
    async with dashboard(default_issuer) as owner:
        key = await owner.create_key()
        replies = [await default_issuer.call("GET", "/v1/users", key) for _ in range(21)]
        assert [reply.status for reply in replies] == [200] * 20 + [429]
        limited = replies[-1]
        assert list(limited.body) == ["error", "retryAfter"]
        assert limited.body["error"] == "Rate limit exceeded"
        assert 0 < limited.body["retryAfter"] <= 1_000
        assert limited.headers["Retry-After"] == "1"
        default_issuer.clock.advance(seconds=0.7)
        assert (await default_issuer.call("GET", "/v1/users", key)).status == 200


async def test_writes_have_their_own_limit_and_a_second_key_shares_it(default_issuer: Issuer) -> None:
    async with dashboard(default_issuer) as owner:
        keys = [await owner.create_key(), await owner.create_key()]
        statuses = [(await default_issuer.call("POST", "/v1/applications/user/initiate", keys[n % 2], USER)).status for n in range(11)]
        assert statuses == [201] * 10 + [429]
        assert (await default_issuer.call("GET", "/v1/users", keys[0])).status == 200


async def test_a_card_gives_details_ten_times_an_hour(world: World) -> None:
    card_id = await world.new_card()
    for _ in range(10):
        assert (await world.details(card_id)).status == 200
        world.clock.advance(seconds=60)
    limited = await world.details(card_id)
    assert limited.status == 429
    assert list(limited.body) == ["error", "retryAfter"]
    assert limited.body["retryAfter"] == 50 * 60_000
    assert "agent:details:denied" in world.issuer.names()
    world.clock.advance(seconds=50 * 60)
    assert (await world.details(card_id)).status == 200


async def test_the_same_idempotency_key_replays_the_first_answer(world: World) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first, second = [await world.call("POST", "/v1/applications/user/initiate", USER, headers=headers) for _ in range(2)]
    assert (first.status, first.body) == (second.status, second.body)
    assert len((await world.call("GET", "/v1/users")).body["data"]) == 2  # the world's, and one more

    other_route = await world.call("POST", "/v1/agents", {"userId": world.user_id, "name": "x"}, headers=headers)
    assert (other_route.status, other_route.body["code"]) == (409, "idempotency_route")
    other_body = await world.call("POST", "/v1/applications/user/initiate", {**USER, "firstName": "Jane"}, headers=headers)
    assert (other_body.status, other_body.body["code"]) == (409, "idempotency_body")


async def test_another_credentials_key_is_another_key(world: World) -> None:
    headers = {"Idempotency-Key": "k-1"}
    second_key = await world.owner.create_key()
    first = await world.call("POST", "/v1/applications/user/initiate", USER, headers=headers)
    other = await world.call("POST", "/v1/applications/user/initiate", USER, headers=headers, key=second_key)
    assert first.body["id"] != other.body["id"]


async def test_duplicates_that_arrive_together_run_once(world: World) -> None:
    headers = {"Idempotency-Key": "k-race"}
    path = f"/v1/cards/{world.card_id}/details"
    replies = await asyncio.gather(*(world.call("POST", path, {"summary": "x"}, headers=headers) for _ in range(5)))
    assert len({reply.body["detailsToken"] for reply in replies}) == 1
    assert len((await world.call("GET", f"/v1/cards/{world.card_id}/access-events")).body["data"]) == 1


async def test_a_stored_answer_is_not_readable_in_the_database(world: World) -> None:
    reply = await world.call("POST", f"/v1/cards/{world.card_id}/details", {"summary": "x"}, headers={"Idempotency-Key": "k"})
    folder = world.issuer.context.state.folder
    stored = b"".join(file.read_bytes() for file in folder.glob("issuer.db*"))
    assert reply.body["accessEventId"].encode() in stored, "the search works"
    assert reply.body["detailsToken"].encode() not in stored


async def test_a_refused_request_may_be_sent_again_under_its_key(world: World) -> None:
    headers = {"Idempotency-Key": "k-2"}
    path = f"/v1/cards/{world.card_id}/details"
    await world.call("POST", f"/v1/cards/{world.card_id}/freeze")
    assert (await world.call("POST", path, {"summary": "x"}, headers=headers)).status == 403
    await world.call("POST", f"/v1/cards/{world.card_id}/unfreeze")
    assert (await world.call("POST", path, {"summary": "x"}, headers=headers)).status == 200

"""The network: what an approved release lets through, and what nothing does."""

from __future__ import annotations

from typing import Any

import pytest
from stdnum import luhn

from broker.issuer.cards.numbers import BIN
from broker.protocol.sealing import Credentials
from tests.api.issuer.harness import World

OTHER = {"name": "Other Shop", "id": "shop-2", "origin": "https://other.example"}


def reason(reply: Any) -> str | None:
    assert reply.status == 200, reply.text
    assert (reply.body["status"] == "declined") == (reply.body["declinedReason"] is not None)
    found: str | None = reply.body["declinedReason"]
    return found


async def test_a_purchase_inside_its_window_is_attested_and_clears(world: World) -> None:
    credentials = await world.release()
    authorised = await world.authorise(credentials)
    assert list(authorised.body)[:2] == ["id", "status"]
    assert (authorised.body["status"], authorised.body["authorizedAmount"], authorised.body["attestationStatus"]) == (
        "pending",
        5000,
        "attested",
    )
    assert credentials.pan.reveal() not in authorised.text

    card = (await world.call("GET", f"/v1/cards/{world.card_id}")).body
    assert (card["status"], card["currentSpend"]) == ("closed", 5000), "a single card closes after one transaction"
    agent = (await world.call("GET", f"/v1/agents/{world.agent_id}")).body
    assert agent["currentSpend"] == 5000

    path = f"/v1/simulate/transactions/{authorised.body['id']}"
    assert (await world.call("POST", f"{path}/clear", {"amount": 5_001}, key=world.acquirer)).status == 422
    cleared = await world.call("POST", f"{path}/clear", {"amount": 4_900}, key=world.acquirer)
    assert (cleared.body["status"], cleared.body["amount"], cleared.body["postedAt"]) == ("completed", 4900, world.clock.now_ms())
    assert (await world.call("POST", f"{path}/clear", {}, key=world.acquirer)).status == 409

    listed = (await world.call("GET", f"/v1/transactions?cardId={world.card_id}&status=completed")).body["data"]
    assert listed[0]["merchant"]["name"] == "Example Shop"
    assert listed == (await world.call("GET", f"/v1/cards/{world.card_id}/transactions")).body["data"]
    assert (await world.call("POST", f"{path}/reverse", key=world.acquirer)).body["status"] == "reversed"
    assert (await world.call("GET", f"/v1/cards/{world.card_id}")).body["currentSpend"] == 0


async def test_a_leaked_number_is_worth_nothing_outside_a_window(world: World) -> None:
    card_id = await world.new_card()
    credentials = await world.release(card_id)
    assert reason(await world.authorise(credentials, merchant=OTHER)) == "merchant_mismatch"
    assert reason(await world.authorise(credentials, amount=5_101)) == "amount_above_release"
    assert reason(await world.authorise(credentials, amount=5_100)) is None
    assert reason(await world.authorise(credentials)) == "no_release", "twice"
    late = await world.release(card_id)
    world.clock.advance(seconds=15 * 60)
    assert reason(await world.authorise(late)) == "no_release", "late"


async def test_a_used_single_card_is_closed(world: World) -> None:
    credentials = await world.release()
    assert reason(await world.authorise(credentials)) is None
    assert reason(await world.authorise(credentials)) == "card_closed"


async def test_another_acquirer_cannot_settle(world: World) -> None:
    authorised = await world.authorise(await world.release())
    other = await world.owner.create_key("acquirer")
    path = f"/v1/simulate/transactions/{authorised.body['id']}/clear"
    assert (await world.call("POST", path, {}, key=other)).status == 404


async def test_wrong_numbers_are_declined_and_codes_cannot_be_guessed(world: World) -> None:
    credentials = await world.release(await world.new_card())
    right = credentials.cvv.reveal()
    assert reason(await world.authorise(credentials, pan="4000000000000002")) == "invalid_card"
    surrogate = BIN + "900000000"
    surrogate += luhn.calc_check_digit(surrogate)
    assert reason(await world.authorise(credentials, pan=surrogate)) == "surrogate_presented"
    assert reason(await world.authorise(credentials, expirationYear=credentials.expiration_year + 1)) == "invalid_expiry"
    wrong = f"{(int(right) + 1) % 1000:03d}"
    for _ in range(5):
        assert reason(await world.authorise(credentials, cvv=wrong)) == "invalid_cvv"
    assert reason(await world.authorise(credentials)) == "too_many_attempts"


async def test_a_bad_number_is_not_echoed(world: World) -> None:
    credentials = await world.release(await world.new_card())
    broken = credentials.pan.reveal()[:-1] + str((int(credentials.pan.reveal()[-1]) + 1) % 10)
    reply = await world.authorise(credentials, pan=broken)
    assert reply.status == 400
    assert broken not in reply.text


@pytest.mark.parametrize(
    ("fields", "amount", "expected"),
    [
        ({"maxAmount": 4_999}, 5_000, "card_limit"),
        ({"limits": {"perAuth": 4_999}}, 5_000, "per_auth_limit"),
        ({"limits": {"perDay": 4_999}}, 5_000, "per_day_limit"),
        ({"limits": {"perMonth": 4_999}}, 5_000, "per_month_limit"),
    ],
)
async def test_limits_decline(world: World, fields: dict[str, Any], amount: int, expected: str) -> None:
    credentials = await raw_card(world, **fields)
    assert reason(await world.authorise(credentials, amount)) == expected
    assert reason(await world.authorise(credentials, amount - 1)) is None


async def raw_card(world: World, **fields: Any) -> Credentials:
    """A rawPan card: no window in the way of what is tested."""
    await world.owner.set_raw_pan("on")
    card_id = await world.new_card(credentialExposure="rawPan", acknowledgeRawPanRisk=True, **fields)
    body = (await world.details(card_id, key=world.key)).body
    return Credentials.model_validate(
        {"pan": body["pan"], "cvv": body["cvv"], "expirationMonth": body["expirationMonth"], "expirationYear": body["expirationYear"],
         "cardholderName": "John Doe", "brand": "Visa"}
    )  # fmt: skip


async def test_an_agent_stops_at_its_spending_limit_and_is_suspended_when_told_so(world: World) -> None:
    await world.call("PATCH", f"/v1/agents/{world.agent_id}", {"spendingLimit": 9_000, "onLimitExceeded": "suspend"})
    credentials = await raw_card(world)
    assert reason(await world.authorise(credentials, 5_000)) is None
    assert reason(await world.authorise(credentials, 5_000)) == "agent_spending_limit"
    assert (await world.call("GET", f"/v1/agents/{world.agent_id}")).body["status"] == "suspended"
    assert reason(await world.authorise(credentials, 100)) == "agent_suspended"


async def test_a_multi_card_locks_to_its_first_merchant(world: World) -> None:
    credentials = await raw_card(world)
    assert reason(await world.authorise(credentials, 100)) is None
    assert reason(await world.authorise(credentials, 100, merchant=OTHER)) == "merchant_locked"
    assert reason(await world.authorise(credentials, 100)) is None


async def test_attestation_fades(world: World) -> None:
    credentials = await raw_card(world, attestationWindowMinutes=5)
    world.clock.advance(seconds=5 * 60)
    assert (await world.authorise(credentials, 100)).body["attestationStatus"] == "attested"
    world.clock.advance(seconds=1)
    assert (await world.authorise(credentials, 100)).body["attestationStatus"] == "stale"


async def test_a_subscriptions_follow_up_refers_to_the_approved_first_charge(world: World) -> None:
    card_id = await world.new_card()
    credentials = await world.release(card_id, reason="subscription")
    first = (await world.authorise(credentials)).body["id"]
    world.clock.advance(seconds=30 * 24 * 3600)
    assert reason(await world.authorise(credentials)) == "no_release"
    assert reason(await world.authorise(credentials, 5_101, previousTransactionId=first)) == "no_release"
    copied, unnamed = {"name": "Copy", "id": "shop-1", "origin": OTHER["origin"]}, {"name": "Example Shop", "id": "shop-1"}
    assert reason(await world.authorise(credentials, previousTransactionId=first, merchant=copied)) == "no_release", "another site"
    assert reason(await world.authorise(credentials, previousTransactionId=first, merchant=unnamed)) == "merchant_unknown"
    assert reason(await world.authorise(credentials, 5_000, previousTransactionId=first)) is None

    once = await world.release(await world.new_card())
    single = (await world.authorise(once)).body["id"]
    assert reason(await world.authorise(once, previousTransactionId=single)) == "no_release"


async def test_a_card_can_be_relaxed_and_shows_it(world: World) -> None:
    card_id = await world.new_card()
    credentials = await world.release(card_id)
    assert reason(await world.authorise(credentials)) is None
    relaxed = await world.call("PATCH", f"/v1/cards/{card_id}", {"requireRelease": False})
    assert relaxed.body["requireRelease"] is False
    assert "no release needed" in (await world.owner.get("/agents")).text
    assert reason(await world.authorise(credentials)) is None


async def test_a_card_that_lets_unnamed_shops_pass_shows_it_and_leaves_its_event(world: World) -> None:
    card_id = await world.new_card()
    assert "shop may be unnamed" not in (await world.owner.get("/agents")).text
    for value in (False, True):
        changed = await world.call("PATCH", f"/v1/cards/{card_id}", {"requireMerchantOrigin": value})
        assert changed.body["requireMerchantOrigin"] is value
        assert ("shop may be unnamed" in (await world.owner.get("/agents")).text) is not value
        name, facts = world.issuer.events()[-1]
        assert (name, facts["card"], facts["requireMerchantOrigin"]) == ("backend:card:changed", card_id, value)


async def test_frozen_and_suspended_decline(world: World) -> None:
    card_id = await world.new_card()
    credentials = await world.release(card_id)
    await world.call("POST", f"/v1/cards/{card_id}/freeze")
    assert reason(await world.authorise(credentials)) == "card_frozen"
    await world.call("POST", f"/v1/cards/{card_id}/unfreeze")
    assert reason(await world.authorise(credentials)) is None

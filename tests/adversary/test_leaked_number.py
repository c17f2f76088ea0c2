"""A number that leaked, and the other way round: what was approved does work."""

from __future__ import annotations

from typing import Any

from broker.protocol.sealing import Credentials
from tests.adversary.spies import count
from tests.api.issuer.harness import World

OTHER = {"name": "Other Shop", "id": "shop-2", "origin": "https://other.example"}
UNNAMED = {"name": "Other Shop", "id": "shop-2"}


async def declined(world: World, card: Credentials, amount: int = 5_000, **changes: Any) -> str | None:
    """Why a charge was declined; None when it went through. Either way it left its event."""
    before = count(world, "network:transaction:declined") + count(world, "network:transaction:authorized")
    reply = await world.authorise(card, amount, **changes)
    assert count(world, "network:transaction:declined") + count(world, "network:transaction:authorized") == before + 1
    reason: str | None = reply.body["declinedReason"]
    return reason


async def test_at_another_shop_above_the_amount_and_in_another_currency_it_buys_nothing(world: World) -> None:
    card = await world.release(await world.new_card())
    assert await declined(world, card, merchant=OTHER) == "merchant_mismatch"
    assert await declined(world, card, 5_101) == "amount_above_release"
    assert await declined(world, card, currency="EUR") in ("currency_mismatch", "currency_not_supported")
    assert await declined(world, card) is None, "the approved purchase itself goes through"


async def test_at_another_shop_whose_acquirer_names_no_site_it_buys_nothing(world: World) -> None:
    card = await world.release(await world.new_card())
    assert await declined(world, card, merchant=UNNAMED) == "merchant_unknown"
    assert await declined(world, card, 1, merchant={"name": "Example Shop", "id": "shop-1"}) == "merchant_unknown", "not even by its name"
    assert await declined(world, card) is None, "the window was not used up"


async def test_on_a_card_that_was_relaxed_for_unnamed_shops_it_does_buy_there(world: World) -> None:
    """The honest yes: where a card network names no site, a person can let that pass, and then amount, time and single use remain."""
    card_id = await world.new_card()
    card = await world.release(card_id)
    relaxed = await world.call("PATCH", f"/v1/cards/{card_id}", {"requireMerchantOrigin": False})
    assert relaxed.body["requireMerchantOrigin"] is False
    assert await declined(world, card, merchant=OTHER) == "merchant_mismatch", "a site that is named is still compared"
    assert await declined(world, card, 5_101, merchant=UNNAMED) == "amount_above_release"
    assert await declined(world, card, merchant=UNNAMED) is None
    assert await declined(world, card, merchant=UNNAMED) == "no_release"


async def test_an_agent_cannot_relax_its_card(world: World) -> None:
    card_id = await world.new_card()
    refused = await world.call("PATCH", f"/v1/cards/{card_id}", {"requireMerchantOrigin": False}, key=world.agent_token)
    assert refused.status == 403
    assert (await world.call("GET", f"/v1/cards/{card_id}")).body["requireMerchantOrigin"] is True


async def test_a_second_time_it_buys_nothing(world: World) -> None:
    card = await world.release(await world.new_card())
    assert await declined(world, card) is None
    assert await declined(world, card) == "no_release"
    assert await declined(world, card, 1) == "no_release"


async def test_late_it_buys_nothing(world: World) -> None:
    card = await world.release(await world.new_card())
    world.clock.advance(seconds=15 * 60 - 1)
    early = await world.release(await world.new_card())
    assert await declined(world, card) is None, "within the window it does"
    world.clock.advance(seconds=15 * 60)
    assert await declined(world, early) == "no_release"


async def test_before_any_approval_it_buys_nothing(world: World) -> None:
    from broker.issuer.admin import number_of_card

    card_id = await world.new_card()
    known = await world.release(card_id)
    await declined(world, known)
    fresh = await world.new_card()
    pan = number_of_card(world.issuer.context.state.database.parents[1], fresh)
    vault = world.issuer.context.vault
    cvv = vault.security_code(pan, known.expiration_month, known.expiration_year)
    guessed = known.model_copy(update={"pan": pan, "cvv": cvv})
    assert await declined(world, guessed) == "no_release"


async def test_the_security_code_cannot_be_guessed(world: World) -> None:
    card = await world.release(await world.new_card())
    right = int(card.cvv.reveal())
    reasons = [await declined(world, card, cvv=f"{(right + step) % 1000:03d}") for step in range(1, 8)]
    assert reasons == ["invalid_cvv"] * 5 + ["too_many_attempts"] * 2
    assert await declined(world, card) == "too_many_attempts", "not even the right one, for an hour"


async def test_a_follow_up_charge_cannot_borrow_an_approval_that_was_no_subscription(world: World) -> None:
    card = await world.release(await world.new_card())
    first = (await world.authorise(card)).body["id"]
    assert await declined(world, card, previousTransactionId=first) == "no_release"


async def test_freezing_the_card_ends_an_open_window(world: World) -> None:
    card_id = await world.new_card()
    card = await world.release(card_id)
    await world.call("POST", f"/v1/cards/{card_id}/freeze")
    assert await declined(world, card) == "card_frozen"

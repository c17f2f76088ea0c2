"""A user's billing address at the dashboard: the same rules as the API's, said at the field."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.issuer.harness import World
from tests.api.issuer.owner import dashboard
from tests.api.issuer.serving import Reply, ask

TYPED = {"line1": " 1 Analytical Row", "line2": "", "city": "Sacramento", "state": "CA", "postalCode": "95814", "country": "us"}
KEPT = {"line1": "1 Analytical Row", "line2": None, "city": "Sacramento", "state": "CA", "postalCode": "95814", "country": "US"}


def page_of(world: World) -> str:
    return f"/users/{world.user_id}/billing-address"


async def save(world: World, **changes: str) -> Reply:
    return await world.owner.post(page_of(world), page_of(world), **{**TYPED, **changes})


async def carried(world: World) -> dict[str, Any] | None:
    """The address that a card of the user goes out with."""
    billing = (await world.release(await world.new_card())).billing
    return billing.wire() if billing else None


def address_events(world: World) -> list[str]:
    return [name for name in world.issuer.names() if ":user:address-" in name]


def said(text: str, field: str) -> str:
    """What the page says at a field, found as assistive technology does; empty when the field is in order."""
    control = re.search(rf'<input name="{field}"[^>]*>', text)
    assert control, "the page has no such field"
    described = re.search(r'aria-invalid="true" aria-describedby="([^"]+)"', control[0])
    if not described:
        return ""
    words = re.search(rf'id="{described[1]}"><span aria-hidden="true">✕</span> ([^<]+)<', text)
    assert words, "the field's description is not on the page"
    return words[1]


async def test_a_person_sets_replaces_and_removes_what_cards_carry(world: World) -> None:
    assert (await save(world, line1="Elsewhere")).status == 200
    shown = await save(world)
    assert shown.status == 200
    assert "<dd>1 Analytical Row</dd>" in shown.text
    assert await carried(world) == KEPT
    assert (await world.owner.post(page_of(world) + "/remove", page_of(world))).status == 303
    assert await carried(world) is None
    assert (await world.owner.post(page_of(world) + "/remove", page_of(world))).status == 303
    assert address_events(world) == ["person:user:address-set", "person:user:address-set", "person:user:address-removed"]


async def test_who_only_looks_is_told_that_an_address_is_set_and_not_which(world: World) -> None:
    before = [(await world.owner.get(path)).text for path in ("/users", page_of(world))]
    assert (await world.call("PUT", f"/v1{page_of(world)}", KEPT)).status == 200
    looks = ["/users", page_of(world), "/events", "/", "/agents"]
    after = [(await world.owner.get(path)).text for path in looks]
    for text in before:
        assert "not set" in text
    for text in after[:2]:
        assert "</span> set</span>" in text
        assert "not set" not in text
    assert not any("Analytical" in text or "95814" in text for text in after)
    assert "Analytical" not in str(world.issuer.events())
    assert "Analytical" not in (await world.call("GET", f"/v1/users/{world.user_id}")).text


@pytest.mark.parametrize(
    ("field", "wrong", "words"),
    [
        ("line1", "", "This is missing."),
        ("city", "  ", "This is missing."),
        ("city", "<zq></zq>", "Nothing in this can be seen. Type it as plain text."),
        ("line2", "\u200b", "Nothing in this can be seen. Type it as plain text."),
        ("state", "zq" * 51, "At most 100 characters fit here."),
        ("postalCode", "zq" * 11, "At most 20 characters fit here."),
        ("country", "", "This is missing."),
        ("country", "zqa", "This must be the two letters of a country."),
        ("country", "z9", "This must be the two letters of a country."),
        ("country", "ß", "This must be the two letters of a country."),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_changes(world: World, field: str, wrong: str, words: str) -> None:
    reply = await save(world, **{field: wrong})
    assert reply.status == 400
    assert {name: said(reply.text, name) for name in TYPED} == {**dict.fromkeys(TYPED, ""), field: words}
    if wrong.strip():
        assert wrong not in reply.text
        assert wrong.upper() not in reply.text
    kept = "city" if field == "line1" else "line1"
    assert f'value="{TYPED[kept].strip()}"' in reply.text, "what is in order need not be typed again"
    assert await carried(world) is None
    assert address_events(world) == []


async def test_several_faults_are_said_at_once_and_the_first_has_the_focus(world: World) -> None:
    text = (await save(world, city="", country="U")).text
    assert (said(text, "city"), said(text, "country")) == ("This is missing.", "This must be the two letters of a country.")
    assert re.findall(r'<input name="(\w+)"[^>]*autofocus', text) == ["city"]


async def test_each_field_takes_as_much_as_the_form_says(world: World) -> None:
    text = (await world.owner.get(page_of(world))).text
    limits = {name: int(limit) for name, limit in re.findall(r'<input name="(\w+)" value="" maxlength="(\d+)"', text)}
    assert set(limits) == set(TYPED)
    assert (await save(world, **{name: "K" * limit for name, limit in limits.items()})).status == 200
    for name, limit in limits.items():
        assert (await save(world, **{name: "K" * (limit + 1)})).status == 400, name


async def test_a_form_without_the_sessions_token_sets_and_removes_nothing(world: World) -> None:
    assert (await save(world)).status == 200
    for csrf in ("", "x"):
        assert (await world.owner.post(page_of(world), csrf=csrf, **{**TYPED, "city": "Elsewhere"})).status == 403
        assert (await world.owner.post(page_of(world) + "/remove", csrf=csrf)).status == 403
    assert await carried(world) == KEPT


async def test_nobody_else_sees_or_changes_it(world: World) -> None:
    path = page_of(world)
    async with dashboard(world.issuer, "Eve", "Other") as eve:
        assert world.user_id not in (await eve.get("/users")).text
        assert (await eve.get(path)).status == 404
        for fields in (TYPED, {**TYPED, "country": "USA"}):
            assert (await eve.post(path, "/brokers", **fields)).status == 404
        assert (await eve.post(path + "/remove", "/brokers")).status == 404
    for key in ({}, {"Api-Key": world.key}, {"Api-Key": world.agent_token}):
        for method, target in (("GET", path), ("POST", path), ("POST", path + "/remove")):
            reply = await ask(world.issuer.session, method, world.issuer.url + target, headers=key)
            assert (reply.status, reply.headers["Location"]) == (303, "/sign-in")
    assert (await world.owner.get("/users/user_unknown/billing-address")).status == 404
    assert await carried(world) is None
    assert address_events(world) == []

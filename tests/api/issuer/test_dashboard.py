"""Accounts, sessions, forms."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broker.issuer.organisations.tables import organisations
from tests.api.issuer.harness import World
from tests.api.issuer.owner import PASSWORD, csrf_of, dashboard, setup_path
from tests.api.issuer.serving import Issuer, ask, session_with

PAGES = [
    "/",
    "/users",
    "/agents",
    "/grants",
    "/brokers",
    "/intents",
    "/access-events",
    "/events",
    "/transactions",
    "/settings/api-keys",
    "/settings/approval",
]


async def test_a_setup_link_makes_one_owner(issuer: Issuer) -> None:
    link = issuer.url + await setup_path(issuer)
    assert (await ask(issuer.session, "GET", link)).status == 200
    short = await ask(issuer.session, "POST", link, data={"name": "Ada", "password": "x" * 11})
    assert short.status == 400
    assert "at least 12 characters" in short.text
    made = await ask(issuer.session, "POST", link, data={"name": "Ada", "password": PASSWORD})
    assert made.status == 303
    assert (await ask(issuer.session, "GET", link)).status == 410
    assert (await ask(issuer.session, "POST", link, data={"name": "Eve", "password": PASSWORD})).status == 410


async def test_a_setup_link_lasts_an_hour(issuer: Issuer) -> None:
    link = issuer.url + await setup_path(issuer)
    issuer.clock.advance(seconds=3600)
    assert (await ask(issuer.session, "POST", link, data={"name": "Ada", "password": PASSWORD})).status == 410


async def test_the_session_cookie_is_bound_to_this_host(issuer: Issuer) -> None:
    made = await ask(issuer.session, "POST", issuer.url + await setup_path(issuer), data={"name": "Ada", "password": PASSWORD})
    cookie = made.headers["Set-Cookie"]
    assert cookie.startswith("__Host-ledgeros=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    stored = b"".join(file.read_bytes() for file in issuer.context.state.folder.glob("issuer.db*"))
    assert cookie.split("=")[1].split(";")[0].encode() not in stored


async def test_pages_lead_strangers_to_the_sign_in(issuer: Issuer) -> None:
    for path in PAGES:
        reply = await ask(issuer.session, "GET", issuer.url + path)
        assert (reply.status, reply.headers["Location"]) == (303, "/sign-in"), path


async def test_every_page_works_empty_and_full_and_is_locked_down(world: World) -> None:
    async with dashboard(world.issuer, "Empty", "Empty") as empty:
        await world.authorise(await world.release())
        for person in (empty, world.owner):
            for path in PAGES:
                page = await person.get(path)
                assert page.status == 200, path
                policy = page.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert page.headers["Cache-Control"] == "no-store"
                assert " style=" not in page.text
                assert "<script>" not in page.text


async def test_signing_in_and_out(issuer: Issuer) -> None:
    async with dashboard(issuer) as owner:
        await owner.post("/sign-out", "/brokers")
        assert (await owner.get("/")).status == 303
        wrong = await owner.post("/sign-in", name="Ada", password="x" * 12)
        nobody = await owner.post("/sign-in", name="Nobody", password="x" * 12)
        assert (wrong.status, nobody.status) == (403, 403)
        assert "Name or password is wrong." in wrong.text
        assert "Name or password is wrong." in nobody.text
        assert (await owner.post("/sign-in", name=" ada", password=PASSWORD)).status == 303
        assert (await owner.get("/")).status == 200


async def test_guessing_is_slowed_down_even_for_the_right_password(issuer: Issuer) -> None:
    async with dashboard(issuer) as owner:
        await owner.post("/sign-out", "/brokers")
        for _ in range(5):
            assert (await owner.post("/sign-in", name="Ada", password="wrong password")).status == 403
        assert (await owner.post("/sign-in", name="Ada", password=PASSWORD)).status == 429
        issuer.clock.advance(seconds=30)
        assert (await owner.post("/sign-in", name="Ada", password=PASSWORD)).status == 303
        assert issuer.names().count("alarm:sign-in:failed") == 5


@pytest.mark.parametrize("idle", [True, False])
async def test_a_session_ends_when_idle_and_in_any_case(issuer: Issuer, idle: bool) -> None:
    async with dashboard(issuer) as owner:
        if idle:
            issuer.clock.advance(seconds=3600)
        else:
            for _ in range(24):
                assert (await owner.get("/")).status == 200
                issuer.clock.advance(seconds=1800)
        assert (await owner.get("/")).status == 303


async def test_a_form_without_the_sessions_token_does_nothing(world: World) -> None:
    async with dashboard(world.issuer, "Eve", "Other") as eve:
        foreign = csrf_of((await eve.get("/settings/api-keys")).text)
    for csrf in ("", foreign, "x"):
        reply = await world.owner.post(f"/cards/{world.card_id}/close", csrf=csrf)
        assert reply.status == 403
        assert "another session" in reply.text
    assert (await world.call("GET", f"/v1/cards/{world.card_id}")).body["status"] == "active"
    headers = {"Origin": "https://evil.example"}
    cross = await ask(world.owner.session, "POST", world.issuer.url + "/settings/raw-pan", data={"raw_pan": "on"}, headers=headers)
    assert cross.status == 403


async def test_a_person_freezes_unfreezes_and_closes(world: World) -> None:
    for action, status in (("freeze", "frozen"), ("unfreeze", "active"), ("close", "closed")):
        assert (await world.owner.post(f"/cards/{world.card_id}/{action}", "/brokers")).status == 303
        assert (await world.call("GET", f"/v1/cards/{world.card_id}")).body["status"] == status
    assert (await world.owner.post(f"/agents/{world.agent_id}/suspend", "/brokers")).status == 303
    assert (await world.call("GET", f"/v1/agents/{world.agent_id}")).body["status"] == "suspended"
    assert "person:card:frozen" in world.issuer.names()


async def test_what_an_agent_writes_is_escaped(world: World) -> None:
    await world.details(summary='"><img src=x onerror=alert(1)> & more', merchantText="A & <b>")
    page = (await world.owner.get("/access-events")).text
    assert "<img" not in page
    assert "&amp; more" in page


async def test_the_threshold_is_typed_as_an_amount(world: World) -> None:
    async def save(amount: str) -> int:
        return (await world.owner.post("/settings/approval", "/settings/approval", approval="step-up", step_up_above=amount)).status

    assert (await save("49.90"), await save("a lot"), await save("-1")) == (303, 400, 400)
    assert 'value="49.90"' in (await world.owner.get("/settings/approval")).text
    above = await world.issuer.context.read(lambda connection: connection.execute(select(organisations.c.step_up_above)).scalars().all())
    assert above == [4_990]


async def test_the_filter_shows_only_its_status(world: World) -> None:
    await world.token()
    assert "Purchase office supplies" in (await world.owner.get("/access-events?status=granted")).text
    assert "Purchase office supplies" not in (await world.owner.get("/access-events?status=denied")).text


async def test_the_chain_verifies_here_and_shows_an_edit(world: World) -> None:
    assert "The chain holds" in (await world.owner.get("/events?verify=1")).text
    await world.issuer.context.db.write(lambda tx: tx.raw.execute("UPDATE events SET facts = '{}' WHERE seq = 3"))
    broken = (await world.owner.get("/events?verify=1")).text
    assert "The chain is broken" in broken
    assert "Entries up to 2 hold" in broken


async def test_static_files_are_served_and_nothing_beside_them(issuer: Issuer) -> None:
    for name in ("tokens.css", "page.css", "page.js"):
        assert (await ask(issuer.session, "GET", f"{issuer.url}/static/{name}")).status == 200
    for path in ("/static/../pages.py", "/static/", "/static/%2e%2e/pages.py"):
        assert (await ask(issuer.session, "GET", issuer.url + path)).status in (303, 404)


async def test_a_page_only_takes_its_form(issuer: Issuer) -> None:
    from broker.pki.contexts import client_context

    async with session_with(client_context(issuer.pki)) as session:
        assert (await ask(session, "POST", issuer.url + "/sign-in", json={"name": "Ada"})).status == 415


async def test_a_person_rejects_an_intent_and_no_details_of_it_count(world: World) -> None:
    body = {"summary": "Chairs & more", "expectedAmount": 5_000, "expectedMerchant": "Amazon"}
    intent = (await world.call("POST", f"/v1/cards/{world.card_id}/intents", body)).body
    page = (await world.owner.get("/intents")).text
    assert "not decided" in page
    assert "Chairs &amp; more" in page
    assert intent["id"] not in (await world.owner.get("/intents?status=expired")).text
    assert (await world.owner.post(f"/intents/{intent['id']}/reject", csrf="x")).status == 403
    assert (await world.owner.post(f"/intents/{intent['id']}/reject", "/intents")).status == 303
    assert "rejected" in (await world.owner.get("/intents?status=rejected")).text
    assert (await world.details(world.card_id, intentId=intent["id"])).body["code"] == "intent_rejected"
    assert "person:intent:rejected" in world.issuer.names()
    assert (await world.owner.post(f"/intents/{intent['id']}/reject", "/brokers")).status == 409
    async with dashboard(world.issuer, "Eve", "Other") as eve:
        assert (await eve.post(f"/intents/{intent['id']}/reject", "/brokers")).status == 404

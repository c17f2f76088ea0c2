"""The log: complete, exportable, verifiable by somebody else, and free of secrets."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import structlog

from broker.core.canonical import unb64u
from broker.issuer.sweep import sweep
from broker.tlog import Entry, verify
from tests.api.issuer.harness import World, ready_world
from tests.api.issuer.owner import dashboard
from tests.api.issuer.serving import FAST, ask, running_issuer


async def test_an_export_verifies_without_ledgeros(world: World) -> None:
    await world.authorise(await world.release())
    exported: list[Any] = []
    page: dict[str, Any] = {"cursor": "0"}
    while page["cursor"]:
        page = (await world.call("GET", f"/v1/events?after={page['cursor']}&limit=7")).body
        exported += page["data"]
    log = [Entry(e["seq"], e["at"], e["name"], e["facts"], unb64u(e["previous"]), unb64u(e["hash"])) for e in exported]
    assert verify(log) == (page["head"]["seq"], unb64u(page["head"]["hash"]))
    assert all(re.fullmatch(r"[a-z]+:[a-z-]+:[a-z-]+", entry.name) for entry in log), [entry.name for entry in log]


async def test_another_organisations_events_are_withheld_but_keep_their_place(world: World) -> None:
    async with dashboard(world.issuer, "Eve", "Other") as other:
        key = await other.create_key()
        data = (await world.call("GET", "/v1/events?limit=100", key=key)).body["data"]
        assert world.card_id not in str(data)
        assert any(entry.get("withheld") for entry in data)
        assert all(left["hash"] == right["previous"] for left, right in itertools.pairwise(data))


async def test_what_lapses_leaves_an_event(world: World) -> None:
    await world.token(await world.new_card())
    await world.release(await world.new_card())
    short = await world.new_card(ttlDays=1)
    world.clock.advance(seconds=24 * 3600)
    now = world.clock.now_ms()
    await world.issuer.context.db.write(lambda tx: sweep(tx, now, FAST))
    names = world.issuer.names()
    for name in ("ledgeros:token:expired", "ledgeros:window:expired", "ledgeros:card:closed"):
        assert names.count(name) == 1, names
    assert (await world.call("GET", f"/v1/cards/{short}")).body["status"] == "closed"
    await world.issuer.context.db.write(lambda tx: sweep(tx, now, FAST))
    assert world.issuer.names() == names, "once"


async def test_a_known_number_is_nowhere_but_where_it_is_sealed(tmp_path: Path) -> None:
    """Runs the chain with a number that is known, then searches everything LedgerOS wrote or answered."""
    bodies: list[str] = []
    with structlog.testing.capture_logs() as logs:
        async with running_issuer(tmp_path) as issuer, ready_world(issuer) as world:
            card_id = await world.new_card()
            token, decision = await world.approved(card_id)
            redeemed = await world.broker.redeem(token, world.device.sign(decision))
            credentials = world.device.open(redeemed.body, decision)
            number, code = credentials.pan.reveal(), credentials.cvv.reveal()
            bodies.append(redeemed.text)
            changed: list[dict[str, Any]] = [{}, {"cvv": "x"}, {"merchant": {"name": number}}, {"pan": number + "0"}]
            for changes in changed:
                bodies.append((await world.authorise(credentials, 5000, **changes)).text)
            bodies.append(
                (await world.details(card_id, summary=f"pay with {number[:4]} {number[4:8]}-{number[8:12]} {number[12:]} {code}")).text
            )
            for path in ("/v1/cards", "/v1/transactions", "/v1/events?limit=100", f"/v1/cards/{card_id}/access-events"):
                bodies.append((await world.call("GET", path)).text)
            for page in ("/", "/agents", "/access-events", "/events", "/transactions"):
                bodies.append((await world.owner.get(page)).text)
            bodies.append((await ask(issuer.session, "GET", f"{issuer.url}/{number}")).text)
    forms = [number, " ".join(number[i : i + 4] for i in range(0, 16, 4)), "-".join(number[i : i + 4] for i in range(0, 16, 4))]
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(card_id.encode() in file.read_bytes() for file in files), "the search finds what is there"
    for form in forms:
        assert not any(form.encode() in file.read_bytes() for file in files)
        assert not any(form in body for body in bodies)
        assert form not in str(logs)

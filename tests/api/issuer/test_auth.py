"""Who gets in, with which words, and what bad requests hear."""

from __future__ import annotations

import pytest

from tests.api.issuer.harness import World
from tests.api.issuer.owner import dashboard
from tests.api.issuer.parties import broker_peer
from tests.api.issuer.serving import Issuer, ask


async def test_the_401_messages_are_the_contracts(issuer: Issuer) -> None:
    async with dashboard(issuer) as owner:
        expiring = await owner.create_key(expires="1")
        assert (await issuer.call("GET", "/v1/users")).body["error"] == "Missing Api-Key header"
        unknown = await issuer.call("GET", "/v1/users", "lk_test_" + "x" * 43)
        assert (unknown.status, unknown.body["error"]) == (401, "Invalid API key")
        assert (await issuer.call("GET", "/v1/users", expiring)).status == 200
        issuer.clock.advance(seconds=24 * 3600)
        expired = await issuer.call("GET", "/v1/users", expiring)
        assert (expired.status, expired.body["error"]) == (401, "API key expired")


async def test_a_revoked_key_ends_at_its_next_use(issuer: Issuer) -> None:
    async with dashboard(issuer) as owner:
        key = await owner.create_key()
        page = (await owner.get("/settings/api-keys")).text
        assert key not in page, "a key is shown once"
        key_id = page.split("/settings/api-keys/")[1].split("/revoke")[0]
        assert (await owner.post(f"/settings/api-keys/{key_id}/revoke", "/settings/api-keys")).status == 303
        assert (await issuer.call("GET", "/v1/users", key)).body["error"] == "Invalid API key"


async def test_an_api_key_is_not_taken_as_a_bearer(world: World) -> None:
    reply = await world.issuer.call("GET", "/v1/users", headers={"Authorization": f"Bearer {world.key}"})
    assert (reply.status, reply.body["error"]) == (401, "Missing Api-Key header")


async def test_an_agent_token_uses_its_own_cards_and_nothing_else(world: World) -> None:
    agent = {"key": world.agent_token}
    assert (await world.call("GET", f"/v1/agents/{world.agent_id}", **agent)).status == 200
    assert (await world.call("GET", f"/v1/cards/{world.card_id}", **agent)).status == 200
    assert (await world.call("GET", f"/v1/cards/{world.card_id}/access-events", **agent)).status == 200
    assert [a["id"] for a in (await world.call("GET", "/v1/agents", **agent)).body["data"]] == [world.agent_id]
    event = (await world.details()).body["accessEventId"]
    assert (await world.call("GET", f"/v1/access-events/{event}", **agent)).status == 200

    other = (await world.call("POST", "/v1/agents", {"userId": world.user_id, "name": "other"})).body["id"]
    other_card = (await world.call("POST", f"/v1/agents/{other}/cards", {"purpose": "x"})).body["id"]
    other_event = (await world.details(other_card, key=world.key)).body["accessEventId"]
    forbidden = [
        ("GET", "/v1/users", None), ("GET", f"/v1/agents/{other}", None), ("GET", f"/v1/cards/{other_card}", None),
        ("GET", "/v1/cards/card_nothere", None), ("GET", f"/v1/access-events/{other_event}", None),
        ("GET", f"/v1/agents/{other}/cards", None), ("GET", "/v1/events", None),
        ("POST", f"/v1/cards/{other_card}/details", {"summary": "x"}),
        ("POST", f"/v1/agents/{world.agent_id}/cards", {"purpose": "x"}),
        ("PATCH", f"/v1/cards/{world.card_id}", {"requireRelease": False}),
        ("PATCH", f"/v1/agents/{world.agent_id}", {"spendingLimit": 1}),
        ("POST", f"/v1/cards/{world.card_id}/unfreeze", None),
        ("POST", f"/v1/agents/{world.agent_id}/tokens", {}), ("GET", f"/v1/agents/{world.agent_id}/tokens", None),
        ("POST", "/v1/agents", {"userId": world.user_id, "name": "x"}),
    ]  # fmt: skip
    for method, path, body in forbidden:
        reply = await world.call(method, path, body, **agent)
        assert reply.status == 403, (method, path, reply.text)
        assert "agent token" in reply.body["error"].lower()
    assert [c["id"] for c in (await world.call("GET", "/v1/cards", **agent)).body["data"]] == [world.card_id]


async def test_an_agent_token_also_comes_as_a_bearer_and_can_be_revoked(world: World) -> None:
    bearer = {"Authorization": f"Bearer {world.agent_token}"}
    assert (await world.issuer.call("GET", f"/v1/cards/{world.card_id}", headers=bearer)).status == 200
    tokens = (await world.call("GET", f"/v1/agents/{world.agent_id}/tokens")).body["data"]
    assert set(tokens[0]) >= {"prefix", "isActive", "lastUsedAt", "expiresAt", "revokedAt"}
    assert world.agent_token not in str(tokens)
    revoked = await world.call("DELETE", f"/v1/agents/{world.agent_id}/tokens/{tokens[0]['id']}")
    assert revoked.body["isActive"] is False
    assert (await world.issuer.call("GET", f"/v1/cards/{world.card_id}", headers=bearer)).status == 401


async def test_an_acquirer_key_speaks_for_the_network_only(world: World) -> None:
    assert (await world.call("GET", "/v1/users", key=world.acquirer)).status == 403
    assert (await world.call("POST", "/v1/simulate/authorizations", {}, key=world.key)).status == 403
    assert (await world.call("POST", "/v1/simulate/authorizations", {}, key=world.agent_token)).status == 403


async def test_another_organisations_things_do_not_exist(world: World) -> None:
    async with dashboard(world.issuer, "Eve", "Other") as other:
        key = await other.create_key()
        for path in (f"/v1/users/{world.user_id}", f"/v1/agents/{world.agent_id}", f"/v1/cards/{world.card_id}"):
            assert (await world.call("GET", path, key=key)).status == 404
        assert (await world.details(key=key)).status == 404
        body = {"purpose": "x"}
        assert (await world.call("POST", f"/v1/agents/{world.agent_id}/cards", body, key=key)).status == 404
        assert (await other.post(f"/cards/{world.card_id}/freeze", "/brokers")).status == 404


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost"])
async def test_cross_site_requests_are_refused_at_both_listeners(issuer: Issuer, origin: str) -> None:
    reply = await issuer.call("GET", "/v1/users", headers={"Origin": origin})
    assert (reply.status, reply.body["code"]) == (403, "wrong_origin")
    assert not any(name.lower().startswith("access-control") for name in reply.headers)
    async with broker_peer(issuer) as broker:
        url = issuer.context.addresses.broker_url + "/broker/v1/health"
        assert (await ask(broker.session, "GET", url, headers={"Origin": origin})).status == 403


async def test_dns_rebinding_is_refused_at_both_listeners(issuer: Issuer) -> None:
    reply = await issuer.call("GET", "/v1/users", headers={"Host": "evil.example"})
    assert (reply.status, reply.body["code"]) == (403, "wrong_host")
    port = issuer.url.rsplit(":", 1)[1]
    assert (await issuer.call("GET", "/v1/users", headers={"Host": f"127.0.0.1:{port}"})).status == 401
    async with broker_peer(issuer) as broker:
        url = issuer.context.addresses.broker_url + "/broker/v1/health"
        assert (await ask(broker.session, "GET", url, headers={"Host": "evil.example"})).status == 403


async def test_bad_requests_are_named_and_not_echoed(world: World) -> None:
    canary = "canary-5551234"
    path = f"/v1/cards/{world.card_id}/details"
    headers = {"Api-Key": world.key}
    session, url = world.issuer.session, world.issuer.url + path
    for data, content_type, status, code in [
        (b'{"summary": "' + canary.encode(), "application/json", 400, "invalid_json"),
        (b'{"summary": 1}', "application/json", 400, "invalid_request"),
        (b'{"summary": "x", "' + canary.encode() + b'": 1}', "application/json", 400, "invalid_request"),
        (b"[]", "application/json", 400, "invalid_request"),
        (b'{"summary": "x"}', "text/plain", 415, "json_only"),
        (b'{"summary": "x"}', "application/x-www-form-urlencoded", 415, "json_only"),
        (b'{"summary": "' + b"x" * 70_000 + b'"}', "application/json", 413, "body_too_large"),
        (b"\xff\xfe", "application/json", 400, "invalid_json"),
    ]:
        reply = await ask(session, "POST", url, data=data, headers={**headers, "Content-Type": content_type})
        assert (reply.status, reply.body["code"]) == (status, code), reply.text
        assert canary not in reply.text
    assert (await world.call("GET", "/v1/nothing")).status == 404
    assert (await world.call("DELETE", "/v1/users")).status == 405
    assert (await world.call("GET", "/v1/nothing")).body["error"]


async def test_bad_requests_at_the_brokers_listener_are_named_and_not_echoed(issuer: Issuer) -> None:
    canary, json = "canary-5551234", {"Content-Type": "application/json"}
    foreign = {"Host": "evil.example"}
    async with broker_peer(issuer) as broker:
        for method, path, data, headers, status, code in [
            ("GET", "/broker/v1/nothing", b"", {}, 404, "not_found"),
            ("GET", f"/broker/v1/health/{canary}", b"", {}, 404, "not_found"),
            ("GET", "/broker/v1/redeem", b"", {}, 405, "method_not_allowed"),
            ("DELETE", "/broker/v1/health", b"", {}, 405, "method_not_allowed"),
            ("GET", "/broker/v1/nothing", b"", foreign, 403, "wrong_host"),
            ("GET", "/broker/v1/redeem", b"", foreign, 403, "wrong_host"),
            ("POST", "/broker/v1/redeem", f'{{"token": "{canary}'.encode(), json, 400, "invalid_json"),
            ("POST", "/broker/v1/redeem", f'{{"token": "{canary}"}}'.encode(), json, 400, "invalid_request"),
            ("POST", "/broker/v1/redeem", b"{}", {"Content-Type": "text/plain"}, 415, "json_only"),
            ("POST", "/broker/v1/redeem", b"x" * 70_000, json, 413, "body_too_large"),
            ("POST", "/broker/v1/redeem", b"{}", json | {"Expect": "100-continue"}, 417, "no_expectations"),
        ]:
            reply = await ask(broker.session, method, issuer.context.addresses.broker_url + path, data=data, headers=headers)
            assert (reply.status, reply.body["code"]) == (status, code), reply.text
            assert canary not in reply.text


async def test_a_fault_inside_says_nothing_about_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret-detail")

    monkeypatch.setattr(type(world.issuer.context.vault), "lock", broken)
    reply = await world.call("POST", f"/v1/agents/{world.agent_id}/cards", {"purpose": "x"})
    assert reply.status == 500
    assert "secret-detail" not in reply.text
    token, decision = await world.approved()
    monkeypatch.setattr(type(world.issuer.context.vault), "unlock", broken)
    reply = await world.broker.redeem(token, world.device.sign(decision))
    assert (reply.status, reply.body["code"]) == (500, "internal_error")
    assert "secret-detail" not in reply.text

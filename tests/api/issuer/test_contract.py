"""Part A of the contract, to the letter: names, order, types, values."""

from __future__ import annotations

import re

from tests.api.issuer.owner import complete_kyc, dashboard
from tests.api.issuer.serving import Issuer


async def test_the_quick_start_answers_exactly_its_fields(issuer: Issuer) -> None:
    async with dashboard(issuer) as owner:
        key = await owner.create_key()
        assert re.fullmatch(r"lk_test_[A-Za-z0-9_-]{43}", key)

        user = await issuer.call(
            "POST", "/v1/applications/user/initiate", key, {"firstName": "John", "lastName": "Doe", "email": "j.doe@example.com"}
        )
        assert user.status == 201
        assert list(user.body) == ["id", "firstName", "lastName", "email", "applicationStatus", "applicationCompletionLink"]
        assert user.body["id"].startswith("user_")
        assert user.body["applicationStatus"] == "pending"
        assert re.fullmatch(rf"{issuer.url}/kyc/[A-Za-z0-9_-]{{43}}", user.body["applicationCompletionLink"])

        await complete_kyc(issuer, user.body["applicationCompletionLink"])
        shown = await issuer.call("GET", f"/v1/users/{user.body['id']}", key)
        assert shown.body["applicationStatus"] == "approved"

        agent = await issuer.call(
            "POST", "/v1/agents", key,
            {"userId": user.body["id"], "name": "checkout-bot", "description": "Handles online purchases", "spendingLimit": 50000,
             "spendingLimitFrequency": "perMonth"},
        )  # fmt: skip
        assert agent.status == 201
        agent_id = agent.body.pop("id")
        assert agent_id.startswith("agent_")
        assert list(agent.body.items()) == [
            ("userId", user.body["id"]), ("name", "checkout-bot"), ("status", "active"), ("spendingLimit", 50000),
            ("spendingLimitFrequency", "perMonth"), ("currentSpend", 0),
        ]  # fmt: skip

        card = await issuer.call(
            "POST", f"/v1/agents/{agent_id}/cards", key,
            {"purpose": "Purchase office supplies from Amazon", "type": "single", "maxAmount": 10000},
        )  # fmt: skip
        assert card.status == 201
        card_id, last4 = card.body.pop("id"), card.body["last4"]
        assert card_id.startswith("card_")
        assert re.fullmatch(r"\d{4}", last4)
        assert list(card.body.items()) == [
            ("agentId", agent_id), ("userId", user.body["id"]), ("status", "active"), ("last4", last4),
            ("purpose", "Purchase office supplies from Amazon"), ("type", "single"), ("maxAmount", 10000),
        ]  # fmt: skip

        details = await issuer.call(
            "POST", f"/v1/cards/{card_id}/details", key,
            {"summary": "Purchase office supplies from Amazon", "expectedAmount": 5000, "merchantText": "Amazon"},
        )  # fmt: skip
        assert details.status == 200
        assert list(details.body) == ["accessEventId", "exposureMode", "detailsToken", "tokenExpiresAt", "last4"]
        assert details.body["accessEventId"].startswith("evt_")
        assert details.body["exposureMode"] == "extensionOnly"
        assert re.fullmatch(r"tok_[A-Za-z0-9_-]{43}", details.body["detailsToken"])
        assert details.body["tokenExpiresAt"] == issuer.clock.now_ms() + 120_000
        assert details.body["last4"] == last4


async def test_a_card_with_part_b_fields_is_answered_whole(issuer: Issuer) -> None:
    async with dashboard(issuer) as owner:
        key = await owner.create_key()
        user = await issuer.call(
            "POST", "/v1/applications/user/initiate", key, {"firstName": "A", "lastName": "B", "email": "a@example.com"}
        )
        agent = await issuer.call("POST", "/v1/agents", key, {"userId": user.body["id"], "name": "bot"})
        card = await issuer.call(
            "POST", f"/v1/agents/{agent.body['id']}/cards", key, {"purpose": "x", "type": "multi", "limits": {"perAuth": 100}}
        )
        assert list(card.body)[:8] == ["id", "agentId", "userId", "status", "last4", "purpose", "type", "maxAmount"]
        assert card.body["credentialExposure"] == "extensionOnly"
        assert card.body["limits"] == {"perAuth": 100, "perDay": None, "perMonth": None}
        assert card.body["currentSpend"] == 0


async def test_lists_page_from_the_newest(issuer: Issuer) -> None:
    async with dashboard(issuer) as owner:
        key = await owner.create_key()
        made = []
        for n in range(3):
            body = {"firstName": f"N{n}", "lastName": "B", "email": "a@example.com"}
            made.append((await issuer.call("POST", "/v1/applications/user/initiate", key, body)).body["id"])
            issuer.clock.advance(seconds=1)
        first = (await issuer.call("GET", "/v1/users?limit=2", key)).body
        assert [user["id"] for user in first["data"]] == [made[2], made[1]]
        assert first["hasMore"] is True
        rest = (await issuer.call("GET", f"/v1/users?limit=2&cursor={first['cursor']}", key)).body
        assert [user["id"] for user in rest["data"]] == [made[0]]
        assert (rest["hasMore"], rest["cursor"]) == (False, None)
        for bad in ("limit=0", "limit=101", "limit=x", "cursor=%27"):
            assert (await issuer.call("GET", f"/v1/users?{bad}", key)).status == 400

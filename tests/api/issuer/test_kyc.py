"""The applicant's page."""

from __future__ import annotations

from tests.api.issuer.harness import World, new_user
from tests.api.issuer.owner import complete_kyc
from tests.api.issuer.serving import Issuer, ask


async def test_the_page_shows_no_more_than_its_owner_needs(world: World) -> None:
    user = await new_user(world.issuer, world.key)
    page = await ask(world.issuer.session, "GET", user["applicationCompletionLink"])
    assert "Sandbox" in page.text
    assert "John D." in page.text
    assert "john@example.com" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


async def test_approved_and_denied_are_final_and_more_is_not(world: World) -> None:
    user = await new_user(world.issuer, world.key)
    link, path = user["applicationCompletionLink"], f"/v1/users/{user['id']}"
    assert (await complete_kyc(world.issuer, link, "more")).status == 303
    assert (await world.call("GET", path)).body["applicationStatus"] == "needsInformation"
    assert (await complete_kyc(world.issuer, link, "approve")).status == 303
    assert (await complete_kyc(world.issuer, link, "deny")).status == 409
    assert (await world.call("GET", path)).body["applicationStatus"] == "approved"
    assert world.issuer.names()[-2:] == ["applicant:user:needs-information", "applicant:user:approved"]


async def test_a_forged_or_stale_form_does_nothing(world: World) -> None:
    user = await new_user(world.issuer, world.key)
    link = user["applicationCompletionLink"]
    assert (await ask(world.issuer.session, "POST", link, data={"choice": "approve", "proof": "x"})).status == 409
    headers = {"Origin": "https://evil.example"}
    assert (await ask(world.issuer.session, "POST", link, data={"choice": "approve"}, headers=headers)).status == 403
    assert (await world.call("GET", f"/v1/users/{user['id']}")).body["applicationStatus"] == "pending"


async def test_an_unknown_link_is_a_page_that_says_so(issuer: Issuer) -> None:
    page = await ask(issuer.session, "GET", issuer.url + "/kyc/" + "x" * 43)
    assert page.status == 404
    assert "There is no such application." in page.text

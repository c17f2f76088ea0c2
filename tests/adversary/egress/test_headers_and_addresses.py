"""Page-controlled headers and URLs try to smuggle a second request, impersonate a page, or reach a private address."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from pathlib import Path

import pytest

from broker.egress.destination import Destination
from broker.egress.network import PrivateAddressError, PublicResolver, SandboxResolver, is_public, tls_context
from broker.egress.refusal import RefusedError
from broker.protocol.egress import EgressOutcome
from tests.unit.egress.process import connected, own_process
from tests.unit.egress.stand import FORM, FORM_BODY, Stand
from tests.unit.egress.values import SHOP, SURROGATE

TYPE = ("Content-Type", FORM)


@pytest.mark.parametrize(
    "header",
    [
        ("X-A", "1\r\nTransfer-Encoding: chunked"), ("X-A", "1\nHost: evil.example"), ("X-A", "1\rX: y"), ("X-A\r\nX-B", "1"),
        ("X A", "1"),
        ("", "1"), ("X-A:", "1"), (":authority", "evil.example"), ("X-A", "a\x00b"), ("X-A", "a\x7fb"), ("X-A", " padded"),
        ("X-A", "\u0130"),
        ("content-type", FORM), ("CONTENT-TYPE", FORM),
    ],
)  # fmt: skip
async def test_a_malformed_or_repeated_header_refuses_the_request(stand: Stand, header: tuple[str, str]) -> None:
    answered = await stand.send(await stand.arm(), headers=(TYPE, header))
    assert answered.outcome is EgressOutcome.REQUEST_REFUSED
    assert stand.merchant.received == []


@pytest.mark.parametrize(
    "cookie", ["a=1\r\nHost: evil.example", "a=1\n", "a=1\rb", "a=\x00", "a=\x7f", "a=\x1f", " a=1", "a=1 ", "a=\u65e5\n\u672c"]
)
async def test_a_cookie_of_any_language_smuggles_nothing(stand: Stand, cookie: str) -> None:
    answered = await stand.send(await stand.arm(), headers=(TYPE, ("Cookie", cookie)))
    assert answered.outcome is EgressOutcome.REQUEST_REFUSED
    assert stand.merchant.received == []


@pytest.mark.parametrize(
    "cookie",
    ["a=1; n=\u65e5\u672c", "city=M\u00fcnchen", "smile=\U0001f600", "narrowed=\u010d\u010a\u0d0a\uff0d", "lines=\u0085\u2028\u2029"],
)
async def test_a_cookie_of_any_language_arrives_as_the_browser_sends_it(stand: Stand, cookie: str) -> None:
    await stand.paid(headers=(TYPE, ("Cookie", cookie)))
    received = stand.merchant.received[0]
    assert [value.encode("latin-1").decode() for value in received.header("cookie")] == [cookie]
    assert [name.lower() for name, _ in received.headers].count("host") == 1
    assert len(stand.merchant.received) == 1


async def test_framing_and_routing_headers_of_the_page_are_replaced(stand: Stand) -> None:
    hostile = {
        "Content-Length": "3", "Transfer-Encoding": "chunked", "TE": "trailers", "Trailer": "X-A", "Connection": "X-Drop, keep-alive",
        "Host": "evil.example", "Expect": "100-continue", "Upgrade": "h2c", "Forwarded": "host=evil", "X-Forwarded-Host": "evil.example",
        "Proxy-Authorization": "Basic eA==", "X-HTTP-Method-Override": "GET", "X-Original-URL": "/notes", "Via": "1.1 x", "X-Custom": "1",
        "Accept-Encoding": "br", "Range": "bytes=8-", "If-Range": '"1"', "If-None-Match": '"1"', "X-HTTP-Method": "GET",
    }  # fmt: skip
    await stand.paid(headers=(TYPE, *hostile.items()))
    received = stand.merchant.received[0]
    names = [name.lower() for name, _ in received.headers]
    assert received.line == "POST /pay/acct_1 HTTP/1.1"
    assert received.header("host") == [f"form-pay.localhost:{stand.merchant.port}"]
    assert received.header("content-length") == [str(len(received.body))]
    assert received.header("accept-encoding") == ["gzip, deflate"]
    assert len(names) == len(set(names))
    assert not (set(names) & {name.lower() for name in hostile}) - {"host", "content-length", "accept-encoding"}
    assert len(stand.merchant.received) == 1


async def test_who_asks_is_rebuilt_from_what_the_browser_knows(stand: Stand) -> None:
    forged = (
        ("Origin", "https://bank.example"), ("Referer", "https://bank.example/x"), ("Sec-Fetch-Site", "none"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-User", "?1"), ("Sec-Fetch-Dest", "document"),
    )  # fmt: skip
    await stand.paid(headers=(TYPE, *forged))
    received = stand.merchant.received[0]
    assert received.header("origin") == [SHOP]
    assert received.header("referer") == received.header("sec-fetch-user") == []
    assert [received.header(f"sec-fetch-{name}") for name in ("site", "mode", "dest")] == [["cross-site"], ["cors"], ["empty"]]


async def test_honest_headers_arrive_as_they_were(stand: Stand) -> None:
    kept = (
        ("Accept", "*/*"),
        ("Accept-Language", "de"),
        ("Cookie", "a=1; b=2"),
        ("Referer", f"{SHOP}/checkout"),
    )
    await stand.paid(headers=(TYPE, *kept), resource_type="document", user_activated=True)
    received = stand.merchant.received[0]
    assert [received.header(name.lower()) for name, _ in kept] == [[value] for _, value in kept]
    assert [received.header(f"sec-fetch-{name}") for name in ("mode", "user", "dest")] == [["navigate"], ["?1"], ["document"]]


async def test_credentials_arrive_as_they_were_where_the_lesson_had_some(stand: Stand) -> None:
    body, credentials = json.dumps({"card": {"number": SURROGATE}}).encode(), ("Authorization", "Bearer k")
    headers = (("Content-Type", "application/json"), credentials)
    await stand.paid(stand.merchant.url("json-pay.localhost", "/v1/tokens"), body, headers=headers)
    assert stand.merchant.received[0].header("authorization") == ["Bearer k"]
    refused = await stand.send(await stand.arm(), headers=(TYPE, credentials))
    assert refused.outcome is EgressOutcome.ACCOUNT_CHANGED


BAD_URLS = [
    "http://api.stripe.com/v1/tokens", "https://user@api.stripe.com/v1/tokens", "https://api.stripe.com@evil.example/v1/tokens",
    "https://api.stripe.com:8443/v1/tokens", "https://api.stripe.com./v1/tokens", "https://API.stripe.com/v1/tokens",
    "https://api.stripe.com\\@evil.example/v1/tokens", "https://api.stripe.com/v1/../v1/tokens", "https://api.stripe.com/v1//tokens",
    "https://api.stripe.com/v1/%2e%2e/tokens", "https://api.stripe.com/v1%2ftokens", "https://api.stripe.com/v1/tokens#x",
    "https://api.stripe.com/v1/tokens HTTP/1.1", "https://api.stripe.com/v1/tokens\r\nX: y", "https://api.stripe.com", "https:///v1/tokens",
    "//api.stripe.com/v1/tokens", "https://127.0.0.1/v1/tokens", "https://2130706433/v1/tokens", "https://0x7f.1/v1/tokens",
    "https://[::1]/v1/tokens", "https://[::ffff:127.0.0.1]/v1/tokens", "https://api..stripe.com/v1/tokens", "https://api.stripe.com:/v1/tokens",
    "https://api.stripe.com:00443/v1/tokens", "https://ａpi.stripe.com/v1/tokens", "https://api.stripe.com/v1/tokens?a=\u00e9",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(RefusedError) as refused:
        Destination.parse(url, sandbox=False)
    assert refused.value.outcome is EgressOutcome.DESTINATION_REFUSED


def test_a_plain_address_is_accepted() -> None:
    parsed = Destination.parse("https://api.stripe.com:443/v1/tokens?a=1&b", sandbox=False)
    assert (parsed.origin, parsed.path, parsed.query_pairs()) == ("https://api.stripe.com", "/v1/tokens", [("a", "1"), ("b", "")])


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1",
    "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_a_public_address_is_known(address: str) -> None:
    assert is_public(address)


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    async def lookup(*arguments: object, **options: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)


async def test_one_private_address_among_public_ones_spoils_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, "8.8.8.8", "10.0.0.1")
    for resolver in (PublicResolver(), SandboxResolver()):
        with pytest.raises(PrivateAddressError):
            await resolver.resolve("rebind.example", 443)
    resolving_to(monkeypatch, "8.8.8.8")
    assert [found["host"] for found in await PublicResolver().resolve("shop.example", 443)] == ["8.8.8.8"]


async def test_this_machine_is_not_reached_outside_the_sandbox() -> None:
    with pytest.raises(PrivateAddressError):
        await PublicResolver().resolve("localhost", 443)


async def test_a_name_that_leads_to_a_private_address_sends_nothing(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, frame = "https://another.example", "https://js.stripe.com"
    resolving_to(monkeypatch, "10.0.0.1")
    release = await stand.arm(origin=shop, frames=(frame,))
    body = FORM_BODY.replace(b"card%5Bcvc%5D", b"x") + b"&key=pk_1"
    answered = await stand.send(release, "https://api.stripe.com/v1/tokens", body, top_origin=shop, frame_origin=frame)
    assert answered.outcome is EgressOutcome.DESTINATION_REFUSED


async def test_a_certificate_of_nobodys_authority_gets_nothing(stand: Stand, tmp_path: Path) -> None:
    # The merchant's certificate names its own hosts only.
    answered = await stand.send(await stand.arm(), f"https://pay.form-pay.localhost:{stand.merchant.port}/pay/acct_1")
    assert answered.outcome is EgressOutcome.NOT_REGISTERED
    async with own_process(tmp_path / "other", SSL_CERT_FILE=str(stand.settings.extra_ca)) as (egress, settings, _):
        other = await connected(egress, settings, stand.merchant)
        assert (await other.send(await other.arm())).outcome is EgressOutcome.MERCHANT_UNREACHABLE
        await other.client.close()
    assert stand.merchant.received == []


async def test_the_extra_authority_counts_in_the_sandbox_alone(stand: Stand) -> None:
    ours = ssl.create_default_context(cafile=stand.settings.extra_ca).get_ca_certs()
    for sandbox in (True, False):
        context = tls_context(stand.settings.model_copy(update={"sandbox": sandbox}))
        assert (ours[0] in context.get_ca_certs()) is sandbox
        assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


async def test_a_proxy_in_the_environment_sees_nothing(tmp_path: Path) -> None:
    seen: list[object] = []

    def notice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer)
        writer.close()

    proxy = await asyncio.start_server(notice, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    async with proxy, own_process(tmp_path, HTTPS_PROXY=address, https_proxy=address, ALL_PROXY=address) as (egress, settings, merchant):
        stand = await connected(egress, settings, merchant)
        await stand.paid()
        await stand.client.close()
    assert seen == []

"""A shop with a processor on another host, and an egress of its own kind: it swaps in the answer to every `send`, by real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from broker.core.canonical import b64u, unb64u
from broker.protocol.egress import CHUNK, EgressOutcome, Send
from tests.browser.extension.peer import CVV, PAN, SURROGATE, SURROGATE_CODE
from tests.browser.extension.shop import FORM

SPACED = " ".join(SURROGATE[at : at + 4] for at in range(0, 16, 4))
SPACED_PAN = " ".join(PAN[at : at + 4] for at in range(0, 16, 4))

CHECKOUT = f"""<!doctype html><title>Shop</title><body><h1>Checkout</h1><p>Total: $49.90</p>{FORM}
<button>Pay $49.90</button>
<iframe name="inner" src="/frame" width="300" height="60"></iframe>
<iframe name="processor" width="300" height="60"></iframe>
<script>
  document.querySelector("[name=processor]").src = location.origin.replace("shop.", "pay.") + "/frame";
  const number = () => document.querySelector("[name=cardnumber]").value;
</script></body>"""

SCRIPTS = {
    "/sw.js": """self.addEventListener("install", () => skipWaiting());
      self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
      self.addEventListener("message", ({ data, ports }) => fetch("/pay", { method: "POST", body: data })
        .then((answer) => answer.text()).then((text) => ports[0].postMessage(text)));""",
    "/relay.js": """self.addEventListener("install", () => skipWaiting());
      self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
      self.addEventListener("fetch", (event) => event.respondWith(fetch(event.request)));""",
    "/worker.js": """onmessage = ({ data }) => fetch("/pay", { method: "POST", body: data })
        .then((answer) => answer.text()).then(postMessage);""",
    "/eager.js": """fetch("/pay", { method: "POST", body: atob(self.location.hash.slice(1)) })
        .then((answer) => answer.text()).then(postMessage);""",
    "/eager_service.js": """const body = atob(new URLSearchParams(self.location.search).get("n"));
      const answer = fetch("/pay", { method: "POST", body }).then((answer) => answer.text());
      self.addEventListener("install", (event) => event.waitUntil(answer));
      self.addEventListener("message", ({ ports }) => answer.then((text) => ports[0].postMessage(text)));""",
    "/shared.js": """onconnect = ({ ports: [port] }) => {
        port.onmessage = ({ data }) => fetch("/pay", { method: "POST", body: data }).then(() => port.postMessage("sent")); };""",
}


@dataclass
class Got:
    """A request as it reached the merchant."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def number(self) -> str | None:
        """Which of the two numbers is in it."""
        plain = self.body.replace(b" ", b"").replace(b"%20", b"").replace(b"+", b"")
        return next((name for name, value in (("real", PAN), ("stand-in", SURROGATE)) if value.encode() in plain), None)


@dataclass
class Merchant:
    """What the shop and its processor were sent."""

    got: list[Got] = field(default_factory=list)
    socket: list[str] = field(default_factory=list)
    asked_first: list[str] = field(default_factory=list)
    """Paths of CORS preflights."""

    def application(self) -> web.Application:
        app = web.Application(client_max_size=8_000_000)
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    @property
    def paid(self) -> list[Got]:
        return [got for got in self.got if got.path.startswith("/pay")]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/socket":
            return await self._socket(request)
        body = await request.read()
        if request.method == "OPTIONS":
            self.asked_first.append(request.path)
            return web.Response(headers=_cors(request))
        self.got.append(Got(request.method, request.path, dict(request.headers), body))
        if script := SCRIPTS.get(request.path):
            return web.Response(text=script, content_type="text/javascript")
        return _PAGES.get(request.path, _page)(request, body)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            self.socket.append(str(message.data))
            await socket.send_str("got it")
        return socket


def _cors(request: web.Request) -> dict[str, str]:
    origin = request.headers.get("Origin")
    if origin is None:
        return {}
    return {
        "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Headers": "content-type, x-shop",
    }  # fmt: skip


def _page(request: web.Request, body: bytes) -> web.Response:
    text = CHECKOUT if request.path == "/" else f"<!doctype html><title>Shop</title><body><h1>{request.path}</h1></body>"
    return web.Response(text=text, content_type="text/html")


def _pay(request: web.Request, body: bytes) -> web.Response:
    return web.json_response({"paid": True, "echo": body.decode("latin1")[:2_000]}, headers=_cors(request))


def _cookies(response: web.Response) -> web.Response:
    response.headers.add("Set-Cookie", "order=17; Path=/; SameSite=Strict")
    response.headers.add("Set-Cookie", "session=secret; Path=/; HttpOnly")
    return response


def _set_all(request: web.Request, body: bytes) -> web.Response:
    response = web.Response(text="set", content_type="text/html", headers=_cors(request))
    for name, attributes in (
        ("strict", "SameSite=Strict"), ("lax", "SameSite=Lax"), ("none", "SameSite=None; Secure"), ("plain", "HttpOnly"),
        ("part", "SameSite=None; Secure; Partitioned"),
    ):  # fmt: skip
        response.headers.add("Set-Cookie", f"{name}=1; Path=/; {attributes}")
    return response


_PAGES: dict[str, Callable[[web.Request, bytes], web.Response]] = {
    "/pay": _pay,
    "/pay/declined": lambda request, body: web.json_response({"error": "card_declined"}, status=402),
    "/pay/303": lambda request, body: _cookies(web.Response(status=303, headers={"Location": "/thanks"})),
    "/pay/307": lambda request, body: web.Response(status=307, headers={"Location": "/pay"}),
    "/pay/file": lambda request, body: web.Response(
        body=b"%PDF receipt", content_type="application/pdf", headers={"Content-Disposition": 'attachment; filename="receipt.pdf"'}
    ),
    "/pay/large": lambda request, body: web.Response(body=b"x" * 3_000_000),
    "/pay/cookies": lambda request, body: _cookies(_pay(request, body)),
    "/set": _set_all,
    "/pay/set": _set_all,
}

EAGER = """<!doctype html><script>fetch("/pay", { method: "POST", body: atob(location.hash.slice(1)) })
  .then((answer) => answer.text()).then((text) => parent.postMessage(text, "*"));</script>"""
_PAGES["/eager"] = lambda request, body: web.Response(text=EAGER, content_type="text/html")
_PAGES["/pay/closed"] = lambda request, body: web.Response(text="nobody else may read this")
_PAGES["/pay/open"] = lambda request, body: web.Response(text="anybody may", headers={"Access-Control-Allow-Origin": "*", "X-Own": "1"})
_PAGES["/pay/unframed"] = lambda request, body: web.Response(
    text="<title>framed</title>", content_type="text/html", headers={"X-Frame-Options": "DENY"}
)
_NOT_SHOWN = {"content-length", "transfer-encoding", "connection", "content-encoding"}
Say = Callable[[dict[str, Any]], None]


class Swapper:
    """Answers `send` as the egress would: real values in, one real request, the number taken out of the answer."""

    def __init__(self) -> None:
        self.sends: list[Send] = []
        self.outcomes: list[EgressOutcome] = []
        """Ends without a swap that come first."""
        self.asked = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """End its connections."""
        if self._session:
            await self._session.close()

    async def __call__(self, message: dict[str, Any], say: Say) -> None:
        send = Send.read(message)
        self.sends.append(send)
        self.asked.set()
        await self.hold.wait()
        outcome = self.outcomes.pop(0) if self.outcomes else EgressOutcome.SWAPPED
        charged = outcome is EgressOutcome.SWAPPED
        answer = await self._pay(send, say) if charged else None
        say({
            "type": "end", "requestId": send.request_id, "outcome": outcome.value, "mayHaveBeenCharged": charged, "answer": answer,
        })  # fmt: skip

    async def _pay(self, send: Send, say: Say) -> dict[str, Any] | None:
        """The merchant's answer when it is small; a large one is said in pieces."""
        url = URL(send.url)
        host = f"{url.host}:{url.port}"
        headers = {**{name: value for name, value in send.headers if name.lower() != "accept-encoding"}, "Host": host}
        self._session = self._session or aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        async with self._session.request(
            send.method, url.with_host("127.0.0.1"), data=_swapped(unb64u(send.body)), headers=headers, allow_redirects=False
        ) as answer:
            body = (await answer.read()).replace(PAN.encode(), SURROGATE.encode()).replace(SPACED_PAN.encode(), SPACED.encode())
            shown = [[name, value] for name, value in answer.headers.items() if name.lower() not in _NOT_SHOWN]
        head = {"status": answer.status, "reason": answer.reason or "", "headers": shown}
        if len(body) <= CHUNK:
            return {**head, "data": b64u(body)}
        say({"type": "head", "requestId": send.request_id, **head})
        for at in range(0, len(body), CHUNK):
            say({"type": "chunk", "requestId": send.request_id, "data": b64u(body[at : at + CHUNK])})
        return None


def _swapped(body: bytes) -> bytes:
    text = body.decode("latin1")
    for stand_in, real in (
        (SURROGATE, PAN), (SPACED, SPACED_PAN), (SPACED.replace(" ", "+"), SPACED_PAN.replace(" ", "+")), (SURROGATE_CODE, CVV),
    ):  # fmt: skip
        text = text.replace(stand_in, real)
    return text.encode("latin1")


def card_json(spaced: bool = False) -> str:
    """A page's payment in JSON."""
    return json.dumps({"card": {"number": SPACED if spaced else SURROGATE, "cvc": SURROGATE_CODE}})

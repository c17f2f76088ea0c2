"""Every request of every page, frame and worker of one browser, as far as it carries the stand-in."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from broker.core.origin import parse_origin
from broker.teach.chromium import Pipe

_MOST_BODY = 4_000_000
_BETWEEN_DIGITS = re.compile(rb"[ +-]|%20|%2[dD]")


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that carries the stand-in. Origins are the browser's word."""

    url: str
    method: str
    headers: dict[str, str]
    body: bytes
    page_origin: str
    frame_origin: str


class Watcher:
    """Attaches to whatever the browser opens. `open` a page, then read `requests` until the browser is closed."""

    def __init__(self, pipe: Pipe, number: str) -> None:
        self._pipe = pipe
        self._messages = pipe.messages()
        self._number = number.encode()
        self._pages: dict[str, str] = {}
        self._frames: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self._awaited: dict[int, tuple[str, dict[str, Any]]] = {}

    def open(self, url: str) -> bool:
        """Open `url`; False when the browser ended before it had a page for it."""
        try:
            self._attach(None)
            number = self._pipe.send("Target.createTarget", url=url)
        except BrokenPipeError:
            return False
        for message in self._messages:
            if message.get("id") == number:
                return "result" in message
            self._take(message)
        return False

    def requests(self) -> Iterator[Seen]:
        """Every request that carries the number, as it comes."""
        for message in self._messages:
            found = self._take(message)
            if found is not None and self._number in _BETWEEN_DIGITS.sub(b"", found.body):
                yield found

    def _take(self, message: dict[str, Any]) -> Seen | None:
        return self._answered(message) if "id" in message else self._happened(message)

    def _attach(self, session: str | None) -> None:
        self._pipe.send("Target.setAutoAttach", session, autoAttach=True, waitForDebuggerOnStart=True, flatten=True)

    def _happened(self, event: dict[str, Any]) -> Seen | None:
        session, about = event.get("sessionId", ""), event.get("params", {})
        match event.get("method"):
            case "Target.attachedToTarget":
                self._attached(about, session)
            case "Page.frameNavigated":
                self._moved(about["frame"], session)
            case "Network.requestWillBeSent":
                return self._asked(about, session)
        return None

    def _attached(self, about: dict[str, Any], parent: str) -> None:
        session, target = about["sessionId"], about["targetInfo"]
        if target["type"] == "page":
            self._pages[session] = target["url"]
        else:
            self._parents[session] = parent
        if target["type"] in ("page", "iframe"):
            self._frames[target["targetId"]] = target["url"]
            self._pipe.send("Page.enable", session)
        self._pipe.send("Network.enable", session, maxPostDataSize=_MOST_BODY)
        self._attach(session)
        self._pipe.send("Runtime.runIfWaitingForDebugger", session)

    def _moved(self, frame: dict[str, Any], session: str) -> None:
        self._frames[frame["id"]] = frame["url"]
        if "parentId" not in frame and session in self._pages:
            self._pages[session] = frame["url"]

    def _asked(self, about: dict[str, Any], session: str) -> Seen | None:
        request = about["request"]
        if not request.get("hasPostData"):
            return None
        entries = [entry.get("bytes") for entry in request.get("postDataEntries", [])]
        if entries and all(entries):
            return self._seen(about, session, b"".join(map(base64.b64decode, entries)))
        if "postData" in request:
            return self._seen(about, session, request["postData"].encode())
        self._awaited[self._pipe.send("Network.getRequestPostData", session, requestId=about["requestId"])] = (session, about)
        return None

    def _answered(self, answer: dict[str, Any]) -> Seen | None:
        session, about = self._awaited.pop(answer["id"], ("", {}))
        if not about or "result" not in answer:
            return None
        data, encoded = answer["result"]["postData"], answer["result"].get("base64Encoded", False)
        return self._seen(about, session, base64.b64decode(data) if encoded else data.encode())

    def _seen(self, about: dict[str, Any], session: str, body: bytes) -> Seen | None:
        request, page = about["request"], session
        while page in self._parents:
            page = self._parents[page]
        headers = {name.lower(): str(value) for name, value in request["headers"].items()}
        page_origin = _origin_of(self._pages.get(page))
        frame_origin = self._sender(about, headers, page_origin)
        if page_origin is None or frame_origin is None:
            return None
        return Seen(request["url"], request["method"], headers, body, page_origin, frame_origin)

    def _sender(self, about: dict[str, Any], headers: dict[str, str], page_origin: str | None) -> str | None:
        """The origin of the frame that sends. A navigation names the document it leads to, and is sent from one that is there."""
        if about.get("type") != "Document":
            return _origin_of(about["documentURL"])
        return _origin_of(headers.get("origin")) or _origin_of(self._frames.get(about["frameId"])) or page_origin


def _origin_of(address: str | None) -> str | None:
    try:
        return None if address is None else parse_origin(address)
    except ValueError:
        return None

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
    """Attaches to whatever the browser opens. Read `requests` until the browser is closed."""

    def __init__(self, pipe: Pipe, number: str) -> None:
        self._pipe = pipe
        self._number = number.encode()
        self._pages: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self._awaited: dict[int, tuple[str, dict[str, Any]]] = {}

    def requests(self, url: str) -> Iterator[Seen]:
        """Open `url`; every request that carries the number."""
        self._attach(None)
        self._pipe.send("Target.createTarget", url=url)
        for message in self._pipe.messages():
            found = self._answered(message) if "id" in message else self._happened(message)
            if found is not None and self._number in _BETWEEN_DIGITS.sub(b"", found.body):
                yield found

    def _attach(self, session: str | None) -> None:
        self._pipe.send("Target.setAutoAttach", session, autoAttach=True, waitForDebuggerOnStart=True, flatten=True)

    def _happened(self, event: dict[str, Any]) -> Seen | None:
        session, about = event.get("sessionId", ""), event.get("params", {})
        match event.get("method"):
            case "Target.attachedToTarget":
                self._attached(about, session)
            case "Page.frameNavigated" if "parentId" not in about["frame"] and session in self._pages:
                self._pages[session] = about["frame"]["url"]
            case "Network.requestWillBeSent":
                return self._asked(about, session)
        return None

    def _attached(self, about: dict[str, Any], parent: str) -> None:
        session, target = about["sessionId"], about["targetInfo"]
        if target["type"] == "page":
            self._pages[session] = target["url"]
            self._pipe.send("Page.enable", session)
        else:
            self._parents[session] = parent
        self._pipe.send("Network.enable", session, maxPostDataSize=_MOST_BODY)
        self._attach(session)
        self._pipe.send("Runtime.runIfWaitingForDebugger", session)

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
        try:
            page_origin = parse_origin(self._pages[page])
            frame_origin = parse_origin(about["documentURL"])
        except (KeyError, ValueError):
            return None
        headers = {name.lower(): str(value) for name, value in request["headers"].items()}
        return Seen(request["url"], request["method"], headers, body, page_origin, frame_origin)

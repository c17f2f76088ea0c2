"""A person at a web page without a browser: follow links, fill forms, press buttons.

Enough for server-rendered pages that work without JavaScript, which ours do. Sends ``Origin`` and
keeps cookies as a browser does.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp

from broker.core.errors import LedgerError

_VOID_BUTTONS = {"submit", "image"}


@dataclass(slots=True)
class Form:
    """One form as the page has it: `fields` with their present values, `buttons` as (name, value, words)."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def words(self) -> str:
        """What the buttons say."""
        return " ".join(words for _, _, words in self.buttons)


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was fetched."""

    url: str
    status: int
    html: str
    forms: list[Form]
    codes: list[str]
    """The texts of ``code`` and ``output`` elements and of read-only inputs: where secrets are shown once."""

    def form(self, action: str) -> Form:
        """The first form whose action ends with `action`."""
        for candidate in self.forms:
            if urlsplit(candidate.action).path.endswith(action):
                return candidate
        raise LedgerError(
            500, "page_changed", f"The page {urlsplit(self.url).path} has no form for {action}.", "The dashboard changed; adapt the demo."
        )

    def code(self, prefix: str) -> str:
        """The shown text that starts with `prefix`."""
        for text in self.codes:
            if text.startswith(prefix):
                return text
        raise LedgerError(500, "page_changed", f"The page {urlsplit(self.url).path} shows nothing that starts with {prefix!r}.")


class Visitor:
    """A browser session of one person at one site; use as an asynchronous context manager."""

    def __init__(self, ca_file: Path) -> None:
        self._tls = ssl.create_default_context(cafile=ca_file)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._session.close()

    async def open(self, url: str) -> Page:
        """GET `url`, following redirects."""
        async with self._session.get(url, ssl=self._tls, headers={"Accept": "text/html"}) as answer:
            return await _page(answer)

    async def submit(self, page: Page, form: Form, values: dict[str, str] | None = None, button: str = "") -> Page:
        """Send `form` with `values` put in, pressing the button whose words contain `button`; refuses unknown fields."""
        pressed = next((b for b in form.buttons if button in b[2]), None)
        data = form.fields | ({pressed[0]: pressed[1]} if pressed and pressed[0] else {}) | (values or {})
        target = urljoin(page.url, form.action)
        parts = urlsplit(target)
        headers = {"Origin": f"{parts.scheme}://{parts.netloc}", "Referer": page.url, "Accept": "text/html"}
        async with self._session.request(form.method, target, data=data, headers=headers, ssl=self._tls) as answer:
            result = await _page(answer)
        if result.status >= 400:
            raise LedgerError(500, "page_refused", f"{parts.path} answered {result.status}.", _text_of(result.html)[:300])
        return result


async def _page(answer: aiohttp.ClientResponse) -> Page:
    html = await answer.text()
    reader = _Reader(str(answer.url))
    reader.feed(html)
    return Page(str(answer.url), answer.status, html, reader.forms, [text.strip() for text in reader.codes])


def _text_of(html: str) -> str:
    reader = _Reader("")
    reader.feed(html)
    return " ".join(reader.text.split())


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._form: Form | None = None
        self._select: str | None = None
        self._button: list[str] | None = None
        self._code = 0
        self._silent = 0
        self.forms: list[Form] = []
        self.codes: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(at.get("action", self._url), at.get("method", "get").upper())
            self.forms.append(self._form)
        elif tag == "input":
            self._input(at)
        elif tag == "textarea" and self._form:
            self._form.fields[at.get("name", "")] = ""
        elif tag == "select":
            self._select = at.get("name", "")
        elif tag == "option":
            self._option(at)
        elif tag == "button":
            self._button = [at.get("name", ""), at.get("value", ""), ""]
        elif tag in ("code", "output", "samp"):
            self._code += 1
            self.codes.append("")
        elif tag in ("script", "style"):
            self._silent += 1

    def _input(self, at: dict[str, str]) -> None:
        kind, name, value = at.get("type", "text"), at.get("name", ""), at.get("value", "")
        if "readonly" in at:
            self.codes.append(value)
        if self._form is None:
            return
        if kind in _VOID_BUTTONS:
            self._form.buttons.append((name, value, value))
        elif kind in ("checkbox", "radio"):
            if "checked" in at:
                self._form.fields[name] = value or "on"
        elif name:
            self._form.fields[name] = value

    def _option(self, at: dict[str, str]) -> None:
        if self._form and self._select and ("selected" in at or self._select not in self._form.fields):
            self._form.fields[self._select] = at.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "button" and self._button is not None:
            if self._form:
                name, value, words = self._button
                self._form.buttons.append((name, value, " ".join(words.split())))
            self._button = None
        elif tag in ("code", "output", "samp"):
            self._code -= 1
        elif tag in ("script", "style"):
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button[2] += data
        if self._code:
            self.codes[-1] += data
        if not self._silent:
            self.text += " " + data

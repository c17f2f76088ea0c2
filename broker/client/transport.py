"""One HTTPS endpoint: trusted CA, timeouts, no redirects, errors as exceptions."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any, Self

import aiohttp

from broker.client.errors import AgentError, UnreachableError

_ANSWER_BYTES = 256 * 1024


class Endpoint:
    """Base of both clients. Open it with ``async with``; its repr shows the address only."""

    _name = "The server"

    def __init__(self, base_url: str, headers: dict[str, str], ca_file: Path | str) -> None:
        if not base_url.startswith("https://"):
            raise ValueError("base_url must start with https://")
        self._base = base_url.rstrip("/")
        self._headers = headers
        self._context = ssl.create_default_context(cafile=str(ca_file))
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._base!r})"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._context), headers=self._headers, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _call(self, method: str, path: str, *, body: dict[str, Any] | None = None, seconds: float = 10.0) -> dict[str, Any]:
        if self._session is None:
            raise RuntimeError("open the client first: async with …")
        timeout = aiohttp.ClientTimeout(total=seconds, connect=5.0)
        try:
            async with self._session.request(method, self._base + path, json=body, timeout=timeout, allow_redirects=False) as response:
                data = await response.content.read(_ANSWER_BYTES)
                while len(data) < _ANSWER_BYTES and (more := await response.content.read(_ANSWER_BYTES - len(data))):
                    data += more
                return self._read(response.status, data)
        except TimeoutError:
            raise UnreachableError(f"{self._name} did not answer in time.", "Try again later.") from None
        except aiohttp.ClientConnectorCertificateError:
            raise UnreachableError(f"{self._name}'s certificate is not from the CA in ca_file.", "Check ca_file and the address.") from None
        except (aiohttp.ClientError, OSError):
            raise UnreachableError(f"{self._name} cannot be reached.", "Check that it runs, and its address.") from None

    def _read(self, status: int, data: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(data)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise UnreachableError(f"{self._name} answered {status} without JSON.", "Check the address.")
        if 200 <= status < 300:
            return answer
        retry = answer.get("retryAfter")
        raise AgentError(
            status,
            str(answer.get("code", "rate_limited" if status == 429 else "error")),
            str(answer.get("error", f"{self._name} answered {status}.")),
            None if answer.get("hint") is None else str(answer["hint"]),
            retry if isinstance(retry, int) else None,
        )

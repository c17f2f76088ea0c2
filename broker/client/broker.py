"""The broker's agent API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from broker.client.errors import UnreachableError
from broker.client.transport import Endpoint
from broker.protocol.agent_api import Release, Until

_POLL_SECONDS = 30


class BrokerClient(Endpoint):
    """``BrokerClient(base_url, credential, ca_file)``: `base_url` is the broker's agent URL, `credential` a ``bt_…``."""

    _name = "The broker"

    def __init__(self, base_url: str, credential: str, ca_file: Path | str) -> None:
        super().__init__(base_url, {"Authorization": f"Bearer {credential}"}, ca_file)

    async def request_release(
        self, details_token: str, *, origin: str | None = None, page_url: str | None = None, purpose: str | None = None
    ) -> Release:
        """``POST /v1/releases``. Asking twice with one token answers the same release."""
        wanted = {"detailsToken": details_token, "origin": origin, "pageUrl": page_url, "purpose": purpose}
        body = {name: value for name, value in wanted.items() if value is not None}
        return _release(await self._call("POST", "/v1/releases", body=body, seconds=20.0))

    async def get(self, release_id: str) -> Release:
        """The release as it is now."""
        return _release(await self._call("GET", _path(release_id)))

    async def request_release_on_intent(self, intent_id: str, *, page_url: str, purpose: str | None = None) -> Release:
        """``POST /v1/releases`` before there is a token: the decision comes first. Asking twice answers the same release."""
        wanted = {"intentId": intent_id, "pageUrl": page_url, "purpose": purpose}
        body = {name: value for name, value in wanted.items() if value is not None}
        return _release(await self._call("POST", "/v1/releases", body=body, seconds=20.0))

    async def give_token(self, release_id: str, details_token: str) -> Release:
        """``POST /v1/releases/{id}/token``; `AgentError` 409 ``no_token_wanted`` when the release does not wait for one."""
        return _release(await self._call("POST", f"{_path(release_id)}/token", body={"detailsToken": details_token}, seconds=20.0))

    async def withdraw(self, release_id: str) -> Release:
        """``DELETE /v1/releases/{id}``: take it back; doing it again changes nothing.

        `AgentError` 409 ``too_late`` once the card's details are with the browser, or when the release ended otherwise.
        """
        return _release(await self._call("DELETE", _path(release_id)))

    async def wait(self, release_id: str, seconds: float = 150.0) -> Release:
        """The release once it is finished, or as it is after `seconds`. Survives a broker that is restarted meanwhile."""
        return await self._wait(release_id, seconds, lambda release: release.status == "finished", until="finished")

    async def wait_until_ready(self, release_id: str, seconds: float = 150.0) -> Release:
        """The release once the form is to be submitted (``paying``, or finished as ``filled``) or it ended otherwise, or as it is then."""
        return await self._wait(release_id, seconds, lambda release: release.status in ("paying", "finished"))

    async def wait_for_decision(self, release_id: str, seconds: float) -> Release:
        """The release once somebody decided (or it ended), or as it is after `seconds`."""
        return await self._wait(release_id, seconds, lambda release: release.status != "pending")

    async def wait_for_fill(self, release_id: str, seconds: float) -> Release:
        """The release once the form is to be submitted or the token came to nothing, or as it is after `seconds`.

        A token that came to nothing shows as ``approved`` with an outcome: the release takes another.
        """
        return await self._wait(release_id, seconds, lambda release: release.status in ("paying", "finished") or _takes_another(release))

    async def _wait(self, release_id: str, seconds: float, enough: Callable[[Release], bool], until: Until = "ready") -> Release:
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            left = deadline - asyncio.get_running_loop().time()
            poll = max(0, min(_POLL_SECONDS, round(left)))
            try:
                release = _release(await self._call("GET", f"{_path(release_id)}?wait={poll}&until={until}", seconds=poll + 10.0))
            except UnreachableError:
                if left <= 0:
                    raise
                await asyncio.sleep(0.5)
                continue
            if enough(release) or left <= 0:
                return release
            if release.status == "approved" and until == "ready":
                await asyncio.sleep(1.0)  # the broker answers at once while it waits for a token

    async def releases(self, limit: int = 20) -> list[Release]:
        """This agent's releases, newest first."""
        answer = await self._call("GET", f"/v1/releases?limit={limit}")
        return [_release(item) for item in answer.get("data", [])]


def _takes_another(release: Release) -> bool:
    return release.status == "approved" and release.outcome is not None


def _path(release_id: str) -> str:
    return f"/v1/releases/{quote(release_id, safe='')}"


def _release(answer: dict[str, Any]) -> Release:
    try:
        return Release.model_validate(answer)
    except ValidationError:
        raise UnreachableError("The broker answered something else than a release.", "Use a client of the broker's version.") from None

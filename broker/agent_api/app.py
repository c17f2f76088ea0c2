"""The routes, and what stands in front of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from broker.agent_api.credentials import Agent, AgentDirectory
from broker.agent_api.http import answer, errors_as_json, guard, read_body
from broker.core.clock import Clock
from broker.core.errors import LedgerError
from broker.policy import Bucket, Rate
from broker.protocol.agent_api import CreateRelease, GiveToken, Until
from broker.releases import Releases

LONGEST_WAIT_SECONDS = 60
_LONGEST_LIST = 100


@dataclass(frozen=True, slots=True)
class AgentApiLimits:
    """Per agent: how often it may create releases and how often it may read. Bytes of a body."""

    writes: Rate = field(default_factory=lambda: Rate(per_minute=30, burst=10))
    reads: Rate = field(default_factory=lambda: Rate(per_minute=300, burst=60))
    body_bytes: int = 16 * 1024


class AgentApi:
    """The views. Each agent sees its own releases and no others."""

    def __init__(self, releases: Releases, agents: AgentDirectory, clock: Clock, limits: AgentApiLimits) -> None:
        self._releases = releases
        self._agents = agents
        self._clock = clock
        self._limits = limits
        self._writes: dict[str, Bucket] = {}
        self._reads: dict[str, Bucket] = {}

    async def health(self, request: web.Request) -> web.Response:
        """``GET /v1/health``."""
        return answer(200, {"status": "ok"})

    async def create(self, request: web.Request) -> web.Response:
        """``POST /v1/releases``."""
        agent = await self._agent(request, self._writes, self._limits.writes)
        release = await self._releases.request(agent.id, CreateRelease.read(await read_body(request)))
        return answer(201, release.wire())

    async def give_token(self, request: web.Request) -> web.Response:
        """``POST /v1/releases/{id}/token``."""
        agent = await self._agent(request, self._writes, self._limits.writes)
        given = GiveToken.read(await read_body(request))
        return answer(200, (await self._releases.give_token(agent.id, request.match_info["id"], given)).wire())

    async def withdraw(self, request: web.Request) -> web.Response:
        """``DELETE /v1/releases/{id}``."""
        agent = await self._agent(request, self._writes, self._limits.writes)
        return answer(200, (await self._releases.withdraw(agent.id, request.match_info["id"])).wire())

    async def get(self, request: web.Request) -> web.Response:
        """``GET /v1/releases/{id}?wait=SECONDS&until=ready``."""
        agent = await self._agent(request, self._reads, self._limits.reads)
        seconds = _number(request, "wait", default=0, most=LONGEST_WAIT_SECONDS)
        return answer(200, (await self._releases.wait(agent.id, request.match_info["id"], seconds, _until(request))).wire())

    async def index(self, request: web.Request) -> web.Response:
        """``GET /v1/releases?limit=N``."""
        agent = await self._agent(request, self._reads, self._limits.reads)
        found = await self._releases.of_agent(agent.id, _number(request, "limit", default=20, most=_LONGEST_LIST))
        return answer(200, {"data": [release.wire() for release in found]})

    async def _agent(self, request: web.Request, buckets: dict[str, Bucket], rate: Rate) -> Agent:
        agent = await self._agents.authenticate(request.headers.get("Authorization"))
        now = self._clock.now_ms()
        bucket = buckets.get(agent.id) or Bucket.full(rate, now)
        buckets[agent.id], wait_ms = bucket.take(rate, now)
        if wait_ms:
            raise LedgerError(429, "rate_limited", "Rate limit exceeded", retry_after_ms=wait_ms)
        return agent


def create_app(
    releases: Releases,
    agents: AgentDirectory,
    clock: Clock,
    allowed_hosts: Callable[[], frozenset[str]],
    limits: AgentApiLimits | None = None,
) -> web.Application:
    """The application; `allowed_hosts` answers the ``Host`` values to accept (the port is known only once it listens)."""
    limits = limits or AgentApiLimits()
    api = AgentApi(releases, agents, clock, limits)
    app = web.Application(middlewares=[errors_as_json, guard(allowed_hosts)], client_max_size=limits.body_bytes)
    app.on_shutdown.append(lambda _: releases.stop_waiting())
    app.router.add_get("/v1/health", api.health, allow_head=False)
    app.router.add_post("/v1/releases", api.create)
    app.router.add_post("/v1/releases/{id}/token", api.give_token)
    app.router.add_delete("/v1/releases/{id}", api.withdraw)
    app.router.add_get("/v1/releases", api.index, allow_head=False)
    app.router.add_get("/v1/releases/{id}", api.get, allow_head=False)
    return app


def _until(request: web.Request) -> Until:
    text = request.query.get("until", "ready")
    if text not in ("ready", "finished"):
        raise LedgerError(400, "invalid_request", "until is neither ready nor finished.", "Leave it out, or use one of the two.")
    return "finished" if text == "finished" else "ready"


def _number(request: web.Request, name: str, *, default: int, most: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise LedgerError(400, "invalid_request", f"{name} is not a whole number.", f"Use a number from 0 to {most}.")
    return min(int(text), most)

"""What a redeem costs LedgerOS, beside the floor measured in the same run. ``./ledgeros bench redeem``.

The servers are processes of their own; tokens and decisions are made beforehand through the real
API (limits raised for that, lifetimes stretched so that the last token still lives). The signature
checks are priced apart, in LedgerOS itself: they buy a property the floor lacks.

A machine's speed drifts by a third within a minute. So all servers run at once and take turns, an
eighth of their requests each time, back and forth: none always comes after the same one.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from broker.core.clock import SystemClock
from broker.issuer.settings import IssuerSettings
from broker.issuer.state import IssuerState
from broker.pki.contexts import client_context
from broker.pki.files import PkiFolder
from broker.pki.profile import Roles
from tests.api.issuer.harness import ready_world
from tests.api.issuer.serving import BROKER_ID, running_issuer
from tests.bench import openbao
from tests.bench.load import Load, Measured

BOUND = 1.3
"""The redeem may cost this many times the floor, signature checks apart."""

_TURNS = 8
_PRICE = "signature-us"
_LIMITS = {
    "reads_per_minute": 10**9, "reads_burst": 10**9, "writes_per_minute": 10**9, "writes_burst": 10**9, "broker_calls_per_minute": 10**9,
    "broker_calls_burst": 10**9, "details_per_hour": 10**9, "token_life_seconds": 590, "clock_skew_seconds": 600,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RedeemCost:
    """CPU microseconds per request of the server process; signature checks in microseconds per decision."""

    floor: Measured
    click: Measured
    passkey: Measured
    openbao: Measured | None
    device_signature_us: float
    passkey_signature_us: float

    def ratios(self) -> dict[str, float]:
        """Redeem over floor, without the signature checks."""
        return {name: (run.cpu_us - checks) / self.floor.cpu_us for name, (run, checks) in self._redeems().items()}

    def spread(self) -> dict[str, tuple[float, float]]:
        """The lowest and the highest such ratio of a single turn."""
        spread = {}
        for name, (run, checks) in self._redeems().items():
            turns = [(mine - checks) / floor for mine, floor in zip(run.turns_cpu_us, self.floor.turns_cpu_us, strict=True)]
            spread[name] = (min(turns), max(turns))
        return spread

    def _redeems(self) -> dict[str, tuple[Measured, float]]:
        both = self.device_signature_us + self.passkey_signature_us
        return {"click": (self.click, self.device_signature_us), "passkey": (self.passkey, both)}


def _served(arguments: list[str], environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True, env=os.environ | (environment or {}))


@contextmanager
def _stopping(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()


@asynccontextmanager
async def _floor(root: Path, count: int) -> AsyncIterator[Load]:
    root.mkdir()
    pki = PkiFolder(root / "pki")
    pki.initialise(BROKER_ID, "host_bench")
    with _stopping(_served(["-m", "tests.bench.floor_server", str(root), str(count)])) as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        load = await Load(ready["pid"], ready["port"], "/redeem").open(client_context(pki, Roles.BROKER_CLIENT))
        yield load
        await load.close()


async def _prepare(root: Path, count: int, approval: str, progress: Callable[[str], None]) -> list[bytes]:
    """Redeem bodies, each with its own token and signed decision."""
    bodies: list[bytes] = []
    settings = IssuerSettings.model_validate(_LIMITS)
    async with running_issuer(root, settings, SystemClock()) as issuer, ready_world(issuer) as world:  # type: ignore[arg-type]
        await world.owner.set_approval(approval)
        # Requests overtake each other here; a synced passkey, which counts nothing, is not hurt by that.
        world.device.passkey.counts = False
        await issuer.context.db.write(lambda tx: tx.raw.execute("UPDATE passkeys SET sign_count = 0"))
        body = {"spendingLimit": 10**9}
        await world.call("PATCH", f"/v1/agents/{world.agent_id}", body)
        card = await world.new_card(maxAmount=10**9)
        for n in range(count):
            token, decision = await world.approved(card, clientContext={"origin": "https://shop.example"})
            decision = decision.model_copy(update={"release_id": issuer.context.ids.new("rel")})  # in order of time, as a broker makes them
            signed = world.device.sign(decision, passkey=approval == "passkey")
            bodies.append(json.dumps({"token": token, "signed": signed.wire()}).encode())
            if n % 100 == 0:
                progress(f"{approval}: {n} of {count} decisions made")
    return bodies


@asynccontextmanager
async def _issuer(root: Path) -> AsyncIterator[Load]:
    environment = {f"LEDGEROS_ISSUER_{name.upper()}": str(value) for name, value in _LIMITS.items()}
    with _stopping(_served(["-m", "tests.bench.issuer_server", str(root), str(root / _PRICE)], environment)):
        endpoints = IssuerState(root).endpoints
        while not endpoints.exists():  # noqa: ASYNC110  another process writes it
            await asyncio.sleep(0.05)
        ready = json.loads(endpoints.read_text())
        port = urlsplit(ready["brokerUrl"]).port
        assert port
        load = await Load(ready["pid"], port, "/broker/v1/redeem").open(client_context(PkiFolder(root / "pki"), Roles.BROKER_CLIENT))
        yield load
        await load.close()


async def run(folder: Path, count: int, progress: Callable[[str], None]) -> RedeemCost:
    """Measure floor and redeem with `count` requests each, under `folder`."""
    progress("OpenBao's unwrap")
    bao = await openbao.run(folder / "openbao", count)
    approvals = ("click", "passkey")
    bodies = {approval: await _prepare(folder / approval, count, approval, progress) for approval in approvals}
    bodies["floor"] = [json.dumps({"token": f"tok_{n:043d}"}).encode() for n in range(count)]
    progress("floor and redeems in turn")
    async with _floor(folder / "floor", count) as floor, _issuer(folder / "click") as click, _issuer(folder / "passkey") as passkey:
        loads = {"floor": floor, "click": click, "passkey": passkey}
        size, order = math.ceil(count / _TURNS), list(loads)
        for start in range(0, count, size):
            for name in order:
                await loads[name].send(bodies[name][start : start + size])
            order.reverse()
    device, both = (float((folder / approval / _PRICE).read_text()) for approval in approvals)
    return RedeemCost(floor.measured(), click.measured(), passkey.measured(), bao, device, both - device)


def as_json(cost: RedeemCost) -> dict[str, object]:
    """The record that is kept."""
    return {**asdict(cost), "ratios": cost.ratios(), "spread": cost.spread(), "bound": BOUND}

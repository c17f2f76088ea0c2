"""What a redeem costs LedgerOS, beside the floor measured in the same run. ``./ledgeros bench redeem``.

Both servers are processes of their own; tokens and decisions are made beforehand through the real
API (limits raised for that, lifetimes stretched so that the last token still lives). The signature
checks are priced apart, in this process, on the same bodies: they buy a property the floor lacks.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from broker.core.clock import SystemClock
from broker.issuer.redeem.signatures import PublicKeys, examine
from broker.issuer.settings import IssuerSettings
from broker.issuer.state import IssuerState
from broker.pki.contexts import client_context
from broker.pki.files import PkiFolder
from broker.pki.profile import Roles
from broker.protocol.decision import SignedDecision
from tests.api.issuer.harness import BROKER_ID, ready_world, running_issuer
from tests.bench import openbao
from tests.bench.load import Measured, measure

BOUND = 1.3
"""The redeem may cost this many times the floor, signature checks apart."""

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
        return {
            "click": (self.click.cpu_us - self.device_signature_us) / self.floor.cpu_us,
            "passkey": (self.passkey.cpu_us - self.device_signature_us - self.passkey_signature_us) / self.floor.cpu_us,
        }


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


async def _measure_floor(root: Path, count: int) -> Measured:
    root.mkdir()
    pki = PkiFolder(root / "pki")
    pki.initialise(BROKER_ID, "host_bench")
    with _stopping(_served(["-m", "tests.bench.floor_server", str(root), str(count)])) as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        bodies = [json.dumps({"token": f"tok_{n:043d}"}).encode() for n in range(count)]
        return await measure(ready["pid"], ready["port"], client_context(pki, Roles.BROKER_CLIENT), "/redeem", bodies)


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


async def _measure_redeem(root: Path, bodies: list[bytes]) -> Measured:
    environment = {f"LEDGEROS_ISSUER_{name.upper()}": str(value) for name, value in _LIMITS.items()}
    script = "import sys; from pathlib import Path; from broker.issuer.app import run; run(Path(sys.argv[1]))"
    with _stopping(_served(["-c", script, str(root)], environment)):
        endpoints = IssuerState(root).endpoints
        while not endpoints.exists():  # noqa: ASYNC110  another process writes it
            await asyncio.sleep(0.05)
        ready = json.loads(endpoints.read_text())
        port = urlsplit(ready["brokerUrl"]).port
        assert port
        context = client_context(PkiFolder(root / "pki"), Roles.BROKER_CLIENT)
        return await measure(ready["pid"], port, context, "/broker/v1/redeem", bodies)


def _signature_us(root: Path, bodies: list[bytes]) -> float:
    """CPU time of the signature checks of one decision, its digest included."""
    keys = PublicKeys(IssuerState(root).database)
    decisions = [SignedDecision.model_validate(json.loads(body)["signed"]) for body in bodies[:500]]
    started = time.process_time()
    evidence = [examine(keys, signed, signed.decision.canonical()) for signed in decisions]
    spent = time.process_time() - started
    keys.close()
    assert all(e.device_signed for e in evidence)
    return spent / len(decisions) * 1e6


async def run(folder: Path, count: int, progress: Callable[[str], None]) -> RedeemCost:
    """Measure floor and redeem with `count` requests each, under `folder`."""
    progress("floor")
    floor = await _measure_floor(folder / "floor", count)
    progress("OpenBao's unwrap")
    bao = await openbao.run(folder / "openbao", count)
    measured, signatures = {}, {}
    for approval in ("click", "passkey"):
        root = folder / approval
        bodies = await _prepare(root, count, approval, progress)
        progress(f"{approval}: redeeming")
        measured[approval] = await _measure_redeem(root, bodies)
        signatures[approval] = _signature_us(root, bodies)
        assert set(measured[approval].statuses) == {200}, measured[approval].statuses
    device = signatures["click"]
    return RedeemCost(floor, measured["click"], measured["passkey"], bao, device, max(0.0, signatures["passkey"] - device))


def as_json(cost: RedeemCost) -> dict[str, object]:
    """The record that is kept."""
    return {**asdict(cost), "ratios": cost.ratios(), "bound": BOUND}

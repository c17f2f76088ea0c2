"""LedgerOS does not answer, does not know this broker, or tells another time than this machine."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator

from broker.core.clock import MINUTE_MS
from broker.core.errors import LedgerError
from broker.install.doctor.finding import Finding, Machine
from broker.issuer_client import IssuerClient, IssuerRefusedError, IssuerUnavailableError
from broker.pki.contexts import client_context
from broker.pki.profile import Roles
from broker.protocol.issuer_api import Health
from broker.state import BrokerState

UNREACHABLE = "ledgeros-unreachable"
NOT_ENROLLED = "broker-not-enrolled"
CLOCK_OFF = "clock-off"
TOLERANCE_MS = MINUTE_MS
"""A details token lives for two minutes: a clock that is off by more than half of that spoils payments."""


def check(machine: Machine) -> Iterator[Finding]:
    """Ask LedgerOS for its health, as the broker would."""
    try:
        health = asyncio.run(_health(machine))
    except IssuerRefusedError as error:
        yield Finding(NOT_ENROLLED, f"LedgerOS refuses this broker: {error.message}", "ledgeros broker enrol")
        return
    except (IssuerUnavailableError, LedgerError) as error:
        yield Finding(UNREACHABLE, f"LedgerOS does not answer: {str(error).rstrip('.')}.", "ledgeros up")
        return
    except (OSError, ssl.SSLError):
        yield Finding(UNREACHABLE, "LedgerOS cannot be asked: this broker's certificate is missing.", "ledgeros up")
        return
    if not health.enrolled:
        yield Finding(NOT_ENROLLED, "LedgerOS does not know this broker.", "ledgeros broker enrol")
    off_ms = round(machine.now().timestamp() * 1000) - health.time
    if abs(off_ms) > TOLERANCE_MS:
        direction = "ahead of" if off_ms > 0 else "behind"
        yield Finding(CLOCK_OFF, f"This machine's clock is {abs(off_ms) // 1000} s {direction} LedgerOS's.", "Set this machine's clock.")


async def _health(machine: Machine) -> Health:
    state = BrokerState(machine.state.path)
    async with IssuerClient(state.issuer_url, client_context(state.pki, Roles.BROKER_CLIENT)) as issuer:
        return await issuer.health()

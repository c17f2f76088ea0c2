"""The doctor and the lists beside a LedgerOS that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from broker.install.doctor import Machine, Port, channel, ledgeros, port_taken
from broker.install.layout import StateFolder
from broker.install.next_steps import next_steps
from broker.install.supervisor import Ports, up
from broker.issuer.admin import list_cards
from tests.api.issuer.harness import running_world


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    state = StateFolder(tmp_path / "state")
    with up(state, Ports(0, 0, 0), lambda name, endpoints: None):
        yield replace(Machine.with_files(state, tmp_path / "home"), proc=Path("/proc"))


def test_a_broker_that_ledgeros_does_not_know_and_a_clock_that_is_off(machine: Machine) -> None:
    assert [finding.name for finding in ledgeros.check(machine)] == ["broker-not-enrolled"]
    ahead = replace(machine, now=lambda: datetime.now(UTC) + timedelta(minutes=3))
    finding = next(found for found in ledgeros.check(ahead) if found.name == "clock-off")
    assert "ahead" in finding.what
    assert finding.cure == "Set this machine's clock."
    behind = replace(machine, now=lambda: datetime.now(UTC) - timedelta(minutes=3))
    assert "behind" in next(found for found in ledgeros.check(behind) if found.name == "clock-off").what


def test_our_own_ports_are_not_taken_and_the_next_fault_is_the_missing_pairing(machine: Machine) -> None:
    ports = [urlsplit(machine.state.issuer_endpoints()[name]).port for name in ("publicUrl", "brokerUrl")]
    ours = replace(machine, ports=tuple(Port("issuer", port, "--port") for port in ports if port is not None))
    assert not list(port_taken.check(ours))
    assert [finding.name for finding in channel.check(machine)] == ["no-browser-paired"]


def test_the_next_steps_lead_from_nothing_to_an_agent(machine: Machine) -> None:
    assert [step.how for step in next_steps(machine.state)] == [
        "ledgeros issuer setup-link", "ledgeros broker enrol", "ledgeros install", "ledgeros pair", "In the extension's options, LedgerOS",
        "ledgeros egress enrol", "ledgeros agents add my-agent --file agent.json",
    ]  # fmt: skip


async def test_the_operators_list_of_cards_names_them_without_a_number(tmp_path: Path) -> None:
    async with running_world(tmp_path) as world:
        card_id = await world.new_card(purpose="Desk lamp")
        listed = await asyncio.to_thread(list_cards, tmp_path)
    card = next(card for card in listed if card["id"] == card_id)
    assert (card["purpose"], card["status"], card["brand"]) == ("Desk lamp", "active", "Visa")
    assert len(card["last4"]) == 4
    assert "424242" not in str(listed)

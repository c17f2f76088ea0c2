"""Steps between an installation and its first payment that nobody has done yet."""

from __future__ import annotations

from collections.abc import Iterator

from broker.install.doctor.finding import Finding, Machine
from broker.install.next_steps import next_steps


def check(machine: Machine) -> Iterator[Finding]:
    """Each open step, in the order of their cures."""
    for step in next_steps(machine.state):
        yield Finding(step.name, f"To do: {step.what}.", step.how, "fault" if step.needed else "caution")

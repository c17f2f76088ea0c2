"""The stable ids that certificates carry: made once, kept when leaves are replaced."""

from __future__ import annotations

import json
from dataclasses import dataclass

from broker.core.clock import SystemClock
from broker.core.ids import IdFactory
from broker.core.state_files import read_object
from broker.install.layout import StateFolder
from broker.pki.files import write_private
from broker.pki.profile import Roles

_FILE = "identities.json"


@dataclass(frozen=True, slots=True)
class Identities:
    """Who this installation's broker and native messaging host are."""

    broker_id: str
    host_id: str

    def of(self, role: Roles) -> str:
        """The id that a leaf of `role` carries."""
        return self.host_id if role is Roles.HOST_CLIENT else self.broker_id


def identities(state: StateFolder) -> Identities:
    """This installation's ids; made and written at the first call."""
    path = state.pki.path / _FILE
    if path.exists():
        found = read_object(path, "brokerId", "hostId")
        return Identities(found["brokerId"], found["hostId"])
    made = _make(state)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(path, json.dumps({"brokerId": made.broker_id, "hostId": made.host_id}).encode())
    return made


def _make(state: StateFolder) -> Identities:
    ids = IdFactory(SystemClock())
    known = state.broker / "broker.json"
    broker_id = read_object(known, "brokerId")["brokerId"] if known.exists() else ids.new("brk")
    return Identities(broker_id, ids.new("host"))

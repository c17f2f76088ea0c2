"""The broker's part of a state folder: where its files lie, who it is, and its database."""

from __future__ import annotations

import json
import shlex
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

import broker.agent_api.tables
import broker.channel.tables
import broker.releases.tables  # noqa: F401  (each adds its tables to the one MetaData)
from broker.audit import metadata
from broker.core.clock import SystemClock
from broker.core.errors import LedgerError
from broker.core.file_lock import try_lock
from broker.core.ids import IdFactory
from broker.core.state_files import read_object
from broker.core.text import plain_text
from broker.egress.settings import usual_socket
from broker.pki.files import PkiFolder, write_private
from broker.pki.profile import Roles, identity_uri
from broker.releases.migrations import approval_before_the_token
from broker.storage import Database, Migration

SCHEMA_VERSION = 2
MIGRATIONS: Mapping[int, Migration] = {2: approval_before_the_token}


@dataclass(frozen=True, slots=True)
class Identity:
    """The broker's stable id and the name a person knows it by."""

    broker_id: str
    name: str


@dataclass(frozen=True, slots=True)
class BrokerState:
    """Paths of one installation: ``<root>/broker`` is the broker's own, ``<root>/pki`` is shared."""

    root: Path

    @property
    def folder(self) -> Path:
        """Everything only the broker reads."""
        return self.root / "broker"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "broker.db"

    @property
    def identity_file(self) -> Path:
        """``{"brokerId", "name"}``."""
        return self.folder / "broker.json"

    @property
    def channel_key(self) -> Path:
        """Raw Ed25519 key of the channel; browsers pin its public half."""
        return self.folder / "channel-identity.key"

    @property
    def issuer_file(self) -> Path:
        """``{"brokerUrl", "publicUrl"}``: where LedgerOS is."""
        return self.folder / "issuer.json"

    @property
    def channel_file(self) -> Path:
        """``{"port"}`` while the broker runs: what the native messaging host reads."""
        return self.folder / "channel.json"

    @property
    def endpoints(self) -> Path:
        """``{"agentUrl", "channelPort", "pid"}`` while the broker runs: it is ready when this exists."""
        return self.folder / "endpoints.json"

    @property
    def egress_socket(self) -> Path:
        """Where the egress listens, unless the broker's settings name another place."""
        return usual_socket(self.root)

    @property
    def pki(self) -> PkiFolder:
        """Certificates."""
        return PkiFolder(self.root / "pki")

    def prepare(self) -> None:
        """Make the folder, readable by its owner only."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the folder for one running broker; `LedgerError` 409 when another one runs.

        Two would end each other's releases. The lock goes with the process, however it ends.
        """
        self.prepare()
        with (self.folder / "broker.lock").open("w") as file:
            if not try_lock(file):
                hint = "Stop it first, or use another state folder."
                raise LedgerError(409, "already_running", "A broker already runs on this state folder.", hint)
            yield

    def open_database(self) -> Database:
        """The broker's database, made when it is missing."""
        self.prepare()
        return Database(self.database, metadata, SCHEMA_VERSION, MIGRATIONS)

    def identity(self, name: str | None = None) -> Identity:
        """Who this broker is. Its certificate decides the id; without one yet, ``broker.json`` is made with a new id.

        `LedgerError` when the file and the certificate name different brokers.
        """
        certified = self._certified_id()
        if not self.identity_file.exists():
            self.prepare()
            made = {
                "brokerId": certified or IdFactory(SystemClock()).new("brk"),
                "name": plain_text(name or socket.gethostname(), 100) or "broker",
            }
            write_private(self.identity_file, json.dumps(made).encode())
        found = read_object(self.identity_file, "brokerId", "name")
        if certified not in (None, found["brokerId"]):
            hint = f"To go on as the one of the certificate: rm {shlex.quote(str(self.identity_file))}"
            raise LedgerError(500, "other_identity", "The broker's certificate names another broker than broker.json.", hint)
        return Identity(str(found["brokerId"]), str(found["name"]))

    def _certified_id(self) -> str | None:
        if not self.pki.certificate_file(Roles.BROKER_CLIENT).exists():
            return None
        names = self.pki.certificate(Roles.BROKER_CLIENT).extensions.get_extension_for_class(x509.SubjectAlternativeName)
        uris = names.value.get_values_for_type(x509.UniformResourceIdentifier)
        prefix = identity_uri(Roles.BROKER_CLIENT, "")
        return next((uri.removeprefix(prefix) for uri in uris if uri.startswith(prefix)), None)

    def write_issuer(self, broker_url: str, public_url: str) -> None:
        """Say where LedgerOS is; a running broker takes it up at its next call."""
        self.prepare()
        write_private(self.issuer_file, json.dumps({"brokerUrl": broker_url, "publicUrl": public_url}).encode())

    def issuer_url(self) -> str:
        """Base URL of LedgerOS's broker API: from ``issuer.json``, else from a LedgerOS that runs in the same state folder.

        `LedgerError` when nobody said where it is.
        """
        beside = self.root / "issuer" / "endpoints.json"
        source = self.issuer_file if self.issuer_file.exists() else beside
        if not source.exists():
            hint = f"Start both: ledgeros up. For a LedgerOS elsewhere write its brokerUrl and publicUrl as JSON into {self.issuer_file}"
            raise LedgerError(409, "issuer_unknown", "This broker does not know where LedgerOS is.", hint)
        url = str(read_object(source, "brokerUrl")["brokerUrl"])
        if not url.startswith("https://"):
            hint = f"Write the brokerUrl that LedgerOS announces, which begins with https://, into {source}"
            raise LedgerError(409, "issuer_insecure", f"brokerUrl in {source.name} is not https.", hint)
        return url

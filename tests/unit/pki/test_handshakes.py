"""Real TLS handshakes: who gets past a listener that demands a client certificate."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from broker.pki.authority import create_authority, issue
from broker.pki.contexts import client_context, reload_certificate, server_context
from broker.pki.files import PkiFolder, write_private
from broker.pki.identity import WrongPeerError, peer_id, require_issuer
from broker.pki.profile import Roles


@pytest.fixture
def pki(tmp_path: Path) -> PkiFolder:
    folder = PkiFolder(tmp_path / "pki")
    folder.initialise("brk_1", "host_1")
    return folder


@asynccontextmanager
async def listener(context: ssl.SSLContext) -> AsyncIterator[tuple[int, list[str]]]:
    """A server that answers one byte to whoever completes the handshake, and records who it was."""
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            seen.append(peer_id(writer.transport, "broker"))
        except WrongPeerError:
            seen.append("wrong role")
        writer.write(b"!")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1], seen


async def call(port: int, context: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    try:
        return await reader.readexactly(1)
    finally:
        writer.close()


REFUSED = (ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)


async def test_an_enrolled_role_is_let_in_and_named(pki: PkiFolder) -> None:
    async with listener(server_context(pki, Roles.ISSUER_SERVER, client_certificate=True)) as (port, seen):
        assert await call(port, client_context(pki, Roles.BROKER_CLIENT)) == b"!"
    assert seen == ["brk_1"]


async def test_no_certificate_is_refused(pki: PkiFolder) -> None:
    async with listener(server_context(pki, Roles.ISSUER_SERVER, client_certificate=True)) as (port, seen):
        with pytest.raises(REFUSED):
            await call(port, client_context(pki))
    assert seen == []


async def test_a_foreign_authority_is_refused(pki: PkiFolder, tmp_path: Path) -> None:
    foreign = PkiFolder(tmp_path / "foreign")
    foreign.initialise("brk_1", "host_1")
    context = client_context(pki)
    reload_certificate(context, foreign, Roles.BROKER_CLIENT)
    async with listener(server_context(pki, Roles.ISSUER_SERVER, client_certificate=True)) as (port, seen):
        with pytest.raises(REFUSED):
            await call(port, context)
    assert seen == []


async def test_an_expired_certificate_is_refused(pki: PkiFolder) -> None:
    pki.rotate(Roles.BROKER_CLIENT, "brk_1", datetime.now(UTC) - timedelta(days=31))
    async with listener(server_context(pki, Roles.ISSUER_SERVER, client_certificate=True)) as (port, seen):
        with pytest.raises(REFUSED):
            await call(port, client_context(pki, Roles.BROKER_CLIENT))
    assert seen == []


async def test_a_server_certificate_is_refused_as_a_clients(pki: PkiFolder) -> None:
    context = client_context(pki)
    reload_certificate(context, pki, Roles.BROKER_SERVER)
    async with listener(server_context(pki, Roles.ISSUER_SERVER, client_certificate=True)) as (port, seen):
        with pytest.raises(REFUSED):
            await call(port, context)
    assert seen == []


async def test_tls_1_2_is_refused(pki: PkiFolder) -> None:
    context = client_context(pki, Roles.BROKER_CLIENT)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with listener(server_context(pki, Roles.ISSUER_SERVER, client_certificate=True)) as (port, seen):
        with pytest.raises(REFUSED):
            await call(port, context)
    assert seen == []


async def test_another_role_of_our_own_authority_is_recognised(pki: PkiFolder) -> None:
    async with listener(server_context(pki, Roles.ISSUER_SERVER, client_certificate=True)) as (port, seen):
        await call(port, client_context(pki, Roles.HOST_CLIENT))
    assert seen == ["wrong role"]


async def test_a_client_tells_ledgeros_from_the_broker(pki: PkiFolder) -> None:
    for role, is_issuer in ((Roles.ISSUER_SERVER, True), (Roles.BROKER_SERVER, False)):
        async with listener(server_context(pki, role, client_certificate=False)) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_context(pki), server_hostname="localhost")
            await reader.readexactly(1)
            if is_issuer:
                require_issuer(writer.transport)
            else:
                with pytest.raises(WrongPeerError):
                    require_issuer(writer.transport)
            writer.close()


async def test_rotation_keeps_the_id_and_needs_no_restart(pki: PkiFolder) -> None:
    context = server_context(pki, Roles.ISSUER_SERVER, client_certificate=True)
    before = pki.certificate_file(Roles.ISSUER_SERVER).read_bytes()
    async with listener(context) as (port, seen):
        await call(port, client_context(pki, Roles.BROKER_CLIENT))
        pki.rotate(Roles.ISSUER_SERVER, "brk_1")
        pki.rotate(Roles.BROKER_CLIENT, "brk_1")
        reload_certificate(context, pki, Roles.ISSUER_SERVER)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client_context(pki, Roles.BROKER_CLIENT), server_hostname="localhost"
        )
        await reader.readexactly(1)
        presented = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
    assert seen == ["brk_1", "brk_1"]
    assert ssl.DER_cert_to_PEM_cert(presented).strip().encode() != before.strip()


def test_keys_are_readable_by_their_owner_only(pki: PkiFolder) -> None:
    assert {file.stat().st_mode & 0o077 for file in pki.path.glob("*.key")} == {0}


def test_a_stolen_authority_makes_no_certificate_for_a_bank() -> None:
    """The CA is name-constrained to this machine: what it signs for another name verifies nowhere."""
    authority = create_authority()
    leaf = issue(authority, Roles.ISSUER_SERVER, "x")
    verifier = PolicyBuilder().store(Store([authority.certificate])).build_server_verifier
    assert verifier(x509.DNSName("localhost")).verify(leaf.certificate, [])
    builder = x509.CertificateBuilder(
        issuer_name=authority.certificate.subject,
        subject_name=leaf.certificate.subject,
        public_key=leaf.key.public_key(),
        serial_number=1,
        not_valid_before=leaf.certificate.not_valid_before_utc,
        not_valid_after=leaf.certificate.not_valid_after_utc,
    )
    for extension in leaf.certificate.extensions:
        if not isinstance(extension.value, x509.SubjectAlternativeName):
            builder = builder.add_extension(extension.value, extension.critical)
    bank = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("bank.example")]), critical=False).sign(
        authority.key, hashes.SHA256()
    )
    with pytest.raises(VerificationError, match="name constraint"):
        verifier(x509.DNSName("bank.example")).verify(bank, [])


def test_a_private_write_is_atomic_and_leaves_no_draft(tmp_path: Path) -> None:
    target = tmp_path / "a.key"
    write_private(target, b"one")
    write_private(target, b"two")
    assert target.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [target]

"""Real handshakes at the redeem listener: whoever is refused consumes nothing."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from broker.pki.authority import create_authority, issue
from broker.pki.contexts import client_context
from broker.pki.files import PkiFolder, write_private
from broker.pki.profile import Roles
from tests.api.issuer.harness import World
from tests.api.issuer.serving import ask, session_with


def client_with(pki: PkiFolder, folder: Path, certificate: bytes, key: bytes) -> ssl.SSLContext:
    write_private(folder / "c.crt", certificate)
    write_private(folder / "c.key", key)
    tls = client_context(pki)
    tls.load_cert_chain(folder / "c.crt", folder / "c.key")
    return tls


def refused_context(world: World, kind: str, folder: Path) -> ssl.SSLContext:
    pki = world.issuer.pki
    if kind == "no certificate":
        return client_context(pki)
    if kind == "a foreign CA's":
        issued = issue(create_authority(), Roles.BROKER_CLIENT, world.broker.id)
    elif kind == "an expired one":
        issued = issue(pki._authority(), Roles.BROKER_CLIENT, world.broker.id, now=datetime.now(UTC) - timedelta(days=60), days=1)
    else:
        issued = issue(pki._authority(), Roles.BROKER_SERVER, world.broker.id)
    return client_with(pki, folder, issued.certificate_pem(), issued.key_pem())


@pytest.mark.parametrize("kind", ["no certificate", "a foreign CA's", "an expired one", "a server's"])
async def test_a_peer_without_a_brokers_certificate_is_refused_and_consumes_nothing(world: World, kind: str, tmp_path: Path) -> None:
    token, decision = await world.approved()
    signed = world.device.sign(decision)
    url = world.issuer.context.addresses.broker_url + "/broker/v1/redeem"
    async with session_with(refused_context(world, kind, tmp_path)) as session:
        with pytest.raises((aiohttp.ClientError, ssl.SSLError, ConnectionError)):
            await ask(session, "POST", url, json={"token": token, "signed": signed.wire()})
    assert (await world.access_event(token))["status"] == "granted"
    assert (await world.broker.redeem(token, signed)).status == 200


async def test_another_roles_certificate_is_refused_and_consumes_nothing(world: World) -> None:
    token, decision = await world.approved()
    signed = world.device.sign(decision)
    url = world.issuer.context.addresses.broker_url + "/broker/v1/redeem"
    async with session_with(client_context(world.issuer.pki, Roles.HOST_CLIENT)) as session:
        reply = await ask(session, "POST", url, json={"token": token, "signed": signed.wire()})
    assert (reply.status, reply.body["code"]) == (403, "not_a_broker")
    assert (await world.access_event(token))["status"] == "granted"


async def test_the_public_listener_knows_no_broker_calls(world: World) -> None:
    reply = await world.issuer.call("POST", "/broker/v1/introspect", json={"token": "tok_" + "x" * 43})
    assert reply.status == 404


async def test_older_tls_is_refused(world: World) -> None:
    tls = client_context(world.issuer.pki)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    async with session_with(tls) as session:
        with pytest.raises(aiohttp.ClientError):
            await ask(session, "GET", world.issuer.url + "/sign-in")

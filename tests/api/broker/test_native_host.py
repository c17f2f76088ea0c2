"""The real native messaging host between an extension and the broker: the opening passes through it unchanged."""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from broker.app import announced
from broker.channel.framing import encode
from broker.channel.session import sign_finish, verify_welcome
from broker.native_host.launcher import HostConfig, write_launcher
from broker.pki.profile import Roles
from broker.protocol.channel import Welcome, outer_messages
from tests.api.broker.fake_browser import Browser
from tests.api.broker.harness import Stack


async def test_an_opening_passes_through_the_host(stack: Stack, tmp_path: Path) -> None:
    pki, state = stack.state.pki, stack.state
    config = HostConfig(
        port_file=str(state.channel_file), ca_file=str(pki.ca_file), cert_file=str(pki.certificate_file(Roles.HOST_CLIENT)),
        key_file=str(pki.key_file(Roles.HOST_CLIENT)), broker_id=stack.broker.identity.broker_id,
    )  # fmt: skip
    manifest = write_launcher(tmp_path / "host", config, ["a" * 32], sys.executable)
    browser = Browser(pki, stack.clock)
    with announced(state, stack.broker):
        host = await asyncio.create_subprocess_exec(
            manifest["path"], "chrome-extension://" + "a" * 32 + "/", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert host.stdin is not None
        assert host.stdout is not None
        hello = browser.hello(X25519PrivateKey.generate())
        host.stdin.write(encode(hello))
        welcome = await hear(host.stdout)
        assert isinstance(welcome, Welcome)
        verify_welcome(hello, welcome)
        host.stdin.write(encode(sign_finish(hello, welcome, browser.signing)))
        refused = await hear(host.stdout)
        assert (refused.type, refused.code) == ("refused", "no_code")
        host.stdin.close()
        await asyncio.wait_for(host.wait(), 10)


async def hear(stream: asyncio.StreamReader) -> Any:
    async with asyncio.timeout(20):
        (size,) = struct.unpack("<I", await stream.readexactly(4))
        return outer_messages.validate_python(json.loads(await stream.readexactly(size)))

"""The native messaging host as the browser runs it: a real process, real TLS, real frames."""

from __future__ import annotations

import json
import queue
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.native_host.launcher import HOST_NAME, HostConfig, write_launcher
from broker.pki.contexts import server_context
from broker.pki.files import PkiFolder
from broker.pki.profile import Roles

BROKER_ID = "brk_test1"
Talk = Callable[[ssl.SSLSocket], None]


def frame(message: object) -> bytes:
    body = json.dumps(message).encode()
    return struct.pack("<I", len(body)) + body


def read_exactly(read: Callable[[int], bytes], size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = read(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def read_frame(read: Callable[[int], bytes]) -> Any:
    (size,) = struct.unpack("<I", read_exactly(read, 4))
    return json.loads(read_exactly(read, size))


class Listener:
    """A TLS listener with the broker's certificate that runs `talk` for one connection."""

    def __init__(self, context: ssl.SSLContext, talk: Talk) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self._talk = talk
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            plain, _ = self._socket.accept()
        except OSError:
            return
        with plain:
            plain.settimeout(10)
            try:
                with self._context.wrap_socket(plain, server_side=True) as tls:
                    self._talk(tls)
            except (OSError, EOFError):
                pass

    def close(self) -> None:
        self._socket.close()
        self._thread.join()


@pytest.fixture
def pki(tmp_path: Path) -> PkiFolder:
    folder = PkiFolder(tmp_path / "pki")
    folder.initialise(BROKER_ID, "host_test1")
    return folder


@pytest.fixture
def config(pki: PkiFolder, tmp_path: Path) -> HostConfig:
    return HostConfig(
        port_file=str(tmp_path / "channel.json"),
        ca_file=str(pki.ca_file),
        cert_file=str(pki.certificate_file(Roles.HOST_CLIENT)),
        key_file=str(pki.key_file(Roles.HOST_CLIENT)),
        broker_id=BROKER_ID,
    )


@pytest.fixture
def listen(config: HostConfig) -> Iterator[Callable[[ssl.SSLContext, Talk], Listener]]:
    listeners: list[Listener] = []

    def start(context: ssl.SSLContext, talk: Talk) -> Listener:
        listener = Listener(context, talk)
        listeners.append(listener)
        Path(config.port_file).write_text(json.dumps({"port": listener.port}))
        return listener

    yield start
    for listener in listeners:
        listener.close()


def start_host(tmp_path: Path, config: HostConfig) -> subprocess.Popen[bytes]:
    manifest = write_launcher(tmp_path / "host folder", config, ["a" * 32])
    return subprocess.Popen([manifest["path"], "chrome-extension://whoever/"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def run_to_fault(tmp_path: Path, config: HostConfig) -> Any:
    with start_host(tmp_path, config) as host:
        assert host.stdin is not None
        assert host.stdout is not None
        answer = read_frame(host.stdout.read)
        assert host.stdout.read() == b""
        host.stdin.close()
        assert host.wait(10) == 1
    assert answer["type"] == "host_fault"
    return answer["code"]


def broker_context(pki: PkiFolder) -> ssl.SSLContext:
    return server_context(pki, Roles.BROKER_SERVER, client_certificate=True)


def echo(tls: ssl.SSLSocket) -> None:
    while True:
        message = read_frame(tls.recv)
        tls.sendall(frame({"heard": message}))


def test_frames_are_copied_both_ways_unchanged(pki: PkiFolder, config: HostConfig, tmp_path: Path, listen: Any) -> None:
    listen(broker_context(pki), echo)
    with start_host(tmp_path, config) as host:
        assert host.stdin is not None
        assert host.stdout is not None
        for message in ({"n": 1}, {"text": "ü" * 100_000}, {"n": 3}):
            host.stdin.write(frame(message))
            host.stdin.flush()
            assert read_frame(host.stdout.read) == {"heard": message}
        host.stdin.close()
        assert host.wait(10) == 0


def test_a_frame_may_come_in_pieces_and_two_at_once(pki: PkiFolder, config: HostConfig, tmp_path: Path, listen: Any) -> None:
    whole = frame({"n": 1}) + frame({"n": 2})
    heard: queue.Queue[bytes] = queue.Queue()

    def hear_in_pieces(tls: ssl.SSLSocket) -> None:
        while (piece := tls.recv(65_536)) != b"":
            heard.put(piece)
            tls.sendall(piece)

    listen(broker_context(pki), hear_in_pieces)
    with start_host(tmp_path, config) as host:
        assert host.stdin is not None
        assert host.stdout is not None
        for piece in (whole[:2], whole[2:7], whole[7:]):
            host.stdin.write(piece)
            host.stdin.flush()
            assert heard.get(timeout=10) == piece  # copied as it came, before the next
        assert [read_frame(host.stdout.read), read_frame(host.stdout.read)] == [{"n": 1}, {"n": 2}]
        host.stdin.close()
        assert host.wait(10) == 0


def test_a_message_too_large_for_the_broker_ends_the_host(pki: PkiFolder, config: HostConfig, tmp_path: Path, listen: Any) -> None:
    heard: queue.Queue[bytes] = queue.Queue()
    listen(broker_context(pki), lambda tls: heard.put(tls.recv(1)))
    with start_host(tmp_path, config) as host:
        assert host.stdin is not None
        host.stdin.write(struct.pack("<I", 1_000_001))
        host.stdin.flush()
        assert host.wait(10) == 0
        host.stdin.close()
    assert heard.get(timeout=10) == b""


def test_the_host_ends_when_the_browser_closes_its_end(pki: PkiFolder, config: HostConfig, tmp_path: Path, listen: Any) -> None:
    listen(broker_context(pki), echo)
    with start_host(tmp_path, config) as host:
        assert host.stdin is not None
        host.stdin.close()
        assert host.wait(10) == 0


def test_a_broker_that_goes_away_is_told_as_offline(pki: PkiFolder, config: HostConfig, tmp_path: Path, listen: Any) -> None:
    listen(broker_context(pki), lambda tls: None)
    assert run_to_fault(tmp_path, config) == "broker_offline"


def test_no_listener_means_offline(config: HostConfig, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    Path(config.port_file).write_text(json.dumps({"port": port}))
    assert run_to_fault(tmp_path, config) == "broker_offline"


@pytest.mark.parametrize("content", [None, "", "{}", '{"port": "1"}', '{"port": 70000}', "[]"])
def test_a_missing_or_odd_port_file_means_offline(config: HostConfig, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        Path(config.port_file).write_text(content)
    assert run_to_fault(tmp_path, config) == "broker_offline"


def test_a_foreign_ca_is_refused(config: HostConfig, tmp_path: Path, listen: Any) -> None:
    foreign = PkiFolder(tmp_path / "foreign")
    foreign.initialise(BROKER_ID, "host_test1")
    listen(broker_context(foreign), echo)
    assert run_to_fault(tmp_path, config) == "broker_untrusted"


def test_another_broker_of_the_same_ca_is_refused(pki: PkiFolder, config: HostConfig, tmp_path: Path, listen: Any) -> None:
    listen(broker_context(pki), echo)
    assert run_to_fault(tmp_path, replace(config, broker_id="brk_other")) == "broker_untrusted"


def test_the_issuers_certificate_does_not_pass_for_the_brokers(pki: PkiFolder, config: HostConfig, tmp_path: Path, listen: Any) -> None:
    listen(server_context(pki, Roles.ISSUER_SERVER, client_certificate=True), echo)
    assert run_to_fault(tmp_path, config) == "broker_untrusted"


@pytest.mark.parametrize("role", [Roles.BROKER_SERVER, Roles.HOST_CLIENT])
def test_an_expired_certificate_on_either_side_is_named(
    pki: PkiFolder, config: HostConfig, tmp_path: Path, listen: Any, role: Roles
) -> None:
    pki.rotate(role, BROKER_ID, now=datetime.now(UTC) - timedelta(days=60))
    listen(broker_context(pki), echo)
    assert run_to_fault(tmp_path, config) == "certificate_expired"


def test_something_that_speaks_no_tls_is_refused(config: HostConfig, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        Path(config.port_file).write_text(json.dumps({"port": squatter.getsockname()[1]}))

        def answer() -> None:
            connection, _ = squatter.accept()
            with connection:
                connection.recv(10)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert run_to_fault(tmp_path, config) == "broker_untrusted"
        thread.join()


def test_a_message_too_large_for_the_browser_is_refused(pki: PkiFolder, config: HostConfig, tmp_path: Path, listen: Any) -> None:
    def shout(tls: ssl.SSLSocket) -> None:
        tls.sendall(struct.pack("<I", 1_000_001) + b"x" * 100)
        tls.recv(1)

    listen(broker_context(pki), shout)
    assert run_to_fault(tmp_path, config) == "broker_untrusted"


@pytest.mark.parametrize("content", [None, "{", "[]", '{"host": "127.0.0.1"}'])
def test_a_broken_configuration_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "host.json"
    if content is not None:
        path.write_text(content)
    host = [sys.executable, "-I", "-S", "broker/native_host/host.py", str(path)]
    done = subprocess.run(host, input=b"", capture_output=True, check=False, timeout=10)
    assert json.loads(done.stdout[4:])["code"] == "not_configured"


def test_a_missing_client_key_is_named(config: HostConfig, tmp_path: Path) -> None:
    assert run_to_fault(tmp_path, replace(config, key_file=str(tmp_path / "none.key"))) == "not_configured"


def test_the_manifest_names_the_launcher_and_only_our_extension(config: HostConfig, tmp_path: Path) -> None:
    manifest = write_launcher(tmp_path / "there", config, ["b" * 32])
    assert manifest["name"] == HOST_NAME
    assert manifest["allowed_origins"] == [f"chrome-extension://{'b' * 32}/"]
    assert Path(manifest["path"]).stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "there" / "host.json").stat().st_mode & 0o777 == 0o600

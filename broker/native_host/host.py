"""The process the browser starts: connects to the broker, then copies frames both ways unchanged.

A frame is a 32-bit little-endian length and that many bytes of UTF-8 JSON, on both sides. The
extension and the broker authenticate each other inside these frames; TLS keeps other local
processes out. Any fault is told to the extension in one ``host_fault`` frame, then the host ends.

Started as ``host.py CONFIG [what the browser adds]``; see README.md for the files.
"""

# ruff: noqa: PTH123 -- pathlib, contextlib and typing would double what is imported at each start.

from __future__ import annotations

import json
import os
import select
import socket
import ssl
import struct
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_TO_BROWSER = 1_000_000
MAX_TO_BROKER = 1_000_000
CONNECT_SECONDS = 3.0
_READ_SIZE = 65_536
# X509_V_ERR_CERT_HAS_EXPIRED and X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL.
_OUT_OF_TIME = (9, 10)


class HostFaultError(Exception):
    """Why the host ends. `code` and `message` are those of ``HostFault`` in `broker.protocol.channel`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def _read_json(path: str) -> Any:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_config(path: str) -> dict[str, Any]:
    """The launcher's configuration; raises `HostFaultError` when it is missing or incomplete."""
    try:
        config = _read_json(path)
        if not isinstance(config, dict) or not all(
            isinstance(config[name], str) for name in ("host", "port_file", "ca_file", "cert_file", "key_file", "broker_id")
        ):
            raise ValueError
    except (OSError, ValueError, KeyError):
        raise HostFaultError("not_configured", "The browser's connection to the broker is not set up. Run: ledgeros install") from None
    return config


def read_port(path: str) -> int:
    """The port the broker listens on now; raises `HostFaultError` when no broker wrote one."""
    try:
        port = _read_json(path)["port"]
        if not isinstance(port, int) or not 0 < port < 65_536:
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise HostFaultError("broker_offline", "The broker is not running. Start it with: ledgeros up") from None
    return port


def connect(config: dict[str, Any]) -> ssl.SSLSocket:
    """A TLS 1.3 connection to the broker named in `config`; raises `HostFaultError` for any other peer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(config["ca_file"])
        context.load_cert_chain(config["cert_file"], config["key_file"])
    except (OSError, ssl.SSLError):
        raise HostFaultError("not_configured", "The browser's certificate is missing or unreadable. Run: ledgeros install") from None
    try:
        plain = socket.create_connection((config["host"], read_port(config["port_file"])), CONNECT_SECONDS)
    except OSError:
        raise HostFaultError("broker_offline", "The broker does not answer. Start it with: ledgeros up") from None
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        tls = context.wrap_socket(plain, server_hostname="localhost")
    except (OSError, ssl.SSLError) as error:
        plain.close()
        raise _tls_fault(error) from None
    if _uris(tls) != [f"urn:ledgeros:broker:{config['broker_id']}"]:
        tls.close()
        raise HostFaultError("broker_untrusted", "Another broker answers than the one this browser was set up for. Run: ledgeros install")
    return tls


def _uris(tls: ssl.SSLSocket) -> list[str]:
    names: Any = (tls.getpeercert() or {}).get("subjectAltName", ())
    return [value for kind, value in names if kind == "URI"]


def _tls_fault(error: OSError) -> HostFaultError:
    expired = isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _OUT_OF_TIME
    # In TLS 1.3 the broker's refusal of our own certificate comes as an alert, after the handshake.
    if expired or "CERTIFICATE_EXPIRED" in (getattr(error, "reason", None) or ""):
        return HostFaultError("certificate_expired", "A certificate has expired, or the clock is wrong. Run: ledgeros certs rotate")
    if isinstance(error, ssl.SSLError):
        return HostFaultError("broker_untrusted", "What answers at the broker's port is not your broker. Run: ledgeros doctor")
    return HostFaultError("broker_offline", "The broker closed the connection. Start it with: ledgeros up")


class Lengths:
    """Follows the frames of a stream that is copied as it comes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._header = b""
        self._left = 0

    def allow(self, data: bytes) -> bool:
        """Whether no frame of the stream, continued by `data`, is longer than allowed."""
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
            else:
                step = min(4 - len(self._header), len(data) - at)
                self._header += data[at : at + step]
                if len(self._header) == 4:
                    (self._left,), self._header = struct.unpack("<I", self._header), b""
                    if self._left > self._most:
                        return False
            at += step
        return True


class Pump:
    """Copies frames until one side closes, in one thread: each more would be a wait on the way of every payment."""

    def __init__(self, tls: ssl.SSLSocket, browser_in: int, browser_out: int) -> None:
        self._tls = tls
        self._in = browser_in if sys.platform != "win32" else _as_socket(browser_in)
        self._out = browser_out
        self._lengths = Lengths(MAX_TO_BROKER)
        self._received = bytearray()

    def run(self) -> None:
        """Copy until the browser closes its end (returns) or the broker does (`HostFaultError`)."""
        self._tls.setblocking(False)
        try:
            while True:
                ready = [self._tls] if self._tls.pending() else select.select([self._tls, self._in], [], [])[0]
                if self._in in ready and not self._to_broker():
                    return
                if self._tls in ready:
                    self._to_browser()
        except OSError as error:
            raise _tls_fault(error) from None
        finally:
            self._tls.close()

    def _to_broker(self) -> bool:
        data = os.read(self._in, _READ_SIZE) if isinstance(self._in, int) else self._in.recv(_READ_SIZE)
        if not self._lengths.allow(data):
            return False
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._tls.send(rest) :]
            except ssl.SSLWantWriteError:
                select.select([], [self._tls], [])
            except ssl.SSLWantReadError:
                select.select([self._tls], [], [])
        return bool(data)

    def _to_browser(self) -> None:
        try:
            data = self._tls.recv(_READ_SIZE)
        except ssl.SSLWantReadError:
            return  # half a record, or one of TLS itself such as a session ticket
        if not data:
            raise HostFaultError("broker_offline", "The broker closed the connection. Start it with: ledgeros up")
        self._received += data
        whole = 0
        while len(self._received) - whole >= 4:
            (size,) = struct.unpack_from("<I", self._received, whole)
            if size > MAX_TO_BROWSER:
                raise HostFaultError("broker_untrusted", "The broker sent a message too large for the browser. Run: ledgeros doctor")
            if len(self._received) - whole < 4 + size:
                break
            whole += 4 + size
        _write(self._out, self._received[:whole])
        del self._received[:whole]


def _write(file: int, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _as_socket(file: int) -> socket.socket:
    """What is read from `file`, in a thread of its own: Windows waits for sockets only."""
    ours, theirs = socket.socketpair()

    def copy() -> None:
        try:
            while data := os.read(file, _READ_SIZE):
                theirs.sendall(data)
        except OSError:
            pass  # the main thread ended first
        finally:
            theirs.close()

    threading.Thread(target=copy, daemon=True).start()
    return ours


def write_fault(browser_out: int, fault: HostFaultError) -> None:
    """Tell the extension why the host ends."""
    try:
        body = json.dumps({"type": "host_fault", "code": fault.code, "message": fault.message}).encode()
        _write(browser_out, struct.pack("<I", len(body)) + body)
    except OSError:
        pass  # the browser is gone


def main(arguments: list[str]) -> int:
    """Run the host with the configuration file named first in `arguments`."""
    browser_in, browser_out = sys.stdin.fileno(), sys.stdout.fileno()
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(browser_in, os.O_BINARY)
        msvcrt.setmode(browser_out, os.O_BINARY)
    try:
        tls = connect(read_config(arguments[0] if arguments else "host.json"))
        Pump(tls, browser_in, browser_out).run()
    except HostFaultError as fault:
        write_fault(browser_out, fault)
        return 1
    return 0


if __name__ == "__main__":
    status = main(sys.argv[1:])
    # On Windows a thread may still wait for the browser: do not wait for it.
    os._exit(status)

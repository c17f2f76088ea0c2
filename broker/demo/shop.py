"""The demo's merchants, HTTPS, their own process.

They hold an acquirer's sandbox key and ask LedgerOS to authorise and clear what is paid here.
Started with one JSON line on standard input (`ShopSettings`); answers one JSON line
``{"origin", "spki", "ca"}`` on standard output once it listens: the default shop's origin, the hash
by which Chromium accepts its certificate, and the certificate authority by which the egress does.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys

from aiohttp import web

from broker.demo.shops.acquirer import ShopSettings
from broker.demo.shops.kinds import ALL_HOSTS, HOST
from broker.demo.shops.origins import Origins
from broker.demo.shops.town import application
from broker.demo.throwaway_certificate import throwaway_certificate


async def serve(settings: ShopSettings) -> None:
    """Listen on a free loopback port until SIGTERM."""
    certificate = throwaway_certificate(*ALL_HOSTS)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    runner = web.AppRunner(application(settings, port), access_log=None)
    await runner.setup()
    await web.SockSite(runner, listener, ssl_context=certificate.context).start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    ready = {"origin": Origins(port).of(HOST), "spki": certificate.spki_sha256, "ca": certificate.ca_pem}
    print(json.dumps(ready), flush=True)
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Read the settings from standard input and serve."""
    asyncio.run(serve(ShopSettings(**json.loads(sys.stdin.readline()))))


if __name__ == "__main__":
    main()

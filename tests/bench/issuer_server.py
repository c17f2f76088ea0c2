"""LedgerOS as it always runs, and what the signature checks of its redeems cost it, measured where they happen.

Run as ``python -m tests.bench.issuer_server STATE PRICE``; when it ends, the file PRICE holds their CPU time in microseconds a redeem:
the decision's digest, the device's signature, the passkey's where there is one.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from broker.issuer.app import run
from broker.issuer.redeem.services import Redemption

_check = Redemption.prepare
_spent: list[int] = []


def _timed(self: Redemption) -> None:
    started = time.thread_time_ns()
    _check(self)
    _spent.append(time.thread_time_ns() - started)


if __name__ == "__main__":
    Redemption.prepare = _timed  # type: ignore[method-assign]
    run(Path(sys.argv[1]))
    Path(sys.argv[2]).write_text(str(sum(_spent) / len(_spent) / 1000))

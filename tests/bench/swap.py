"""What pausing costs the page: its requests with and without, in the same run. ``./ledgeros bench swap``.

A real Chromium, the real native messaging host and TLS to a peer that plays broker and egress and
sends each payment on by plain HTTP. So the payment's figure holds everything but the egress's own
work (checking, scrubbing, the merchant's TLS), which `pytest tests/unit/egress` and the egress room speak of.
Its floors are measured in the same browser and the same page: Chromium's pause with nothing else (`bare_pause`).
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page

from tests.bench import bare_pause
from tests.browser.extension.peer import SURROGATE
from tests.browser.interception.world import Paying, paying_world

P50_MS = 2.0
P99_MS = 10.0
_TURNS = 5
_AFTER_A_PAGE = 30

# Timed in the page, which is where a person waits.
_POST = """async ([number, count]) => {
  const times = [];
  for (let n = 0; n < count; n += 1) {
    const begun = performance.now();
    await (await fetch("/pay", { method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ card: { number, expiry: "03 / 31" }, order: n }) })).text();
    times.push(performance.now() - begun);
  }
  return times;
}"""
_NOT_A_CARD = "0000000000000000"


@dataclass(frozen=True, slots=True)
class SwapTimes:
    """Milliseconds of each request, sorted: unwatched, watched without a stand-in, and paid through the peer.

    The floors: paused by an extension that does nothing else and let go, or answered after a message
    to a native host and back; and one request as the peer sends it on.
    """

    plain: list[float]
    watched: list[float]
    paid: list[float]
    bare_pause: list[float]
    bare_answer: list[float]
    sent_on: list[float]

    def added(self, series: list[float], share: float) -> float:
        """How much later than unwatched a request of `series` is answered at this quantile."""
        return at(series, share) - at(self.plain, share)

    def as_json(self) -> dict[str, object]:
        """The record that is kept."""
        return {
            "requests": len(self.paid), "bounds": {"p50Ms": P50_MS, "p99Ms": P99_MS},
            "plain": _quantiles(self.plain), "watched": _quantiles(self.watched), "paid": _quantiles(self.paid),
            "barePause": _quantiles(self.bare_pause), "bareAnswer": _quantiles(self.bare_answer), "sentOn": _quantiles(self.sent_on),
        }  # fmt: skip


def at(ordered: list[float], share: float) -> float:
    """The value below which `share` of them lie (nearest rank)."""
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def _quantiles(ordered: list[float]) -> dict[str, float]:
    return {"p50Ms": at(ordered, 0.5), "p90Ms": at(ordered, 0.9), "p99Ms": at(ordered, 0.99), "maxMs": ordered[-1]}


async def _times(page: Page, number: str, count: int) -> list[float]:
    times: list[float] = await page.evaluate(_POST, [number, count])
    return times


async def run(extension: Path, count: int, progress: Callable[[str], None]) -> SwapTimes:
    """`count` requests of each kind with the built `extension`, in turns: what the machine does besides meets all alike."""
    taken: dict[str, list[float]] = defaultdict(list)
    turn = max(1, count // _TURNS)
    with tempfile.TemporaryDirectory() as folder:
        bare_pause.write_host(Path(folder) / "profile")
        async with paying_world(extension, Path(folder), beside=(bare_pause.EXTENSION,)) as world:
            page = await world.browser.open_shop("/")
            for n in range(_TURNS + 1):
                progress(f"turn {n} of {_TURNS}")
                times = await _turn(world, page, turn)
                if n > 0:  # the first one warms up
                    for name, series in times.items():
                        taken[name] += series
    return SwapTimes(**{name: sorted(series) for name, series in taken.items()})


async def _turn(world: Paying, page: Page, count: int) -> dict[str, list[float]]:
    times = {"plain": await _times(page, _NOT_A_CARD, count)}
    async with bare_pause.pausing(world.browser.context, page) as bare:
        times["bare_pause"] = await _times(page, _NOT_A_CARD, count)
        await bare.evaluate("answer()")
        times["bare_answer"] = await _times(page, _NOT_A_CARD, count)
    times["sent_on"] = await bare_pause.sent_on(world.shop + "/pay", count)
    await world.arm(page)
    times["watched"] = await _times(page, _NOT_A_CARD, count)
    times["paid"] = await _times(page, SURROGATE, count)
    world.withdraw()
    await page.reload()
    await _times(page, _NOT_A_CARD, _AFTER_A_PAGE)
    return times

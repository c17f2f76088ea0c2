"""What pausing costs the page: its requests with and without, in the same run. ``./ledgeros bench swap``.

Three looks at it. *In a row* and *alone* (after half a second of quiet, as a payment comes) have a real
Chromium, the real native messaging host and TLS to a peer that plays broker and egress and sends each
payment on by plain HTTP; their floors are measured in the same browser and the same page (`bare_pause`).
*Whole* has every process, a durable log, the egress's own checks and scrubbing, and a merchant behind TLS:
one payment a release, beside the same request of the same page unwatched.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.async_api import Page

from tests.adversary.surrogate_stack import Hostile, hostile_stack
from tests.bench import bare_pause
from tests.bench.fill import nearest_rank, raise_limits
from tests.browser.extension.peer import SURROGATE
from tests.browser.interception.world import Paying, paying_world

P50_MS = 2.0
P99_MS = 10.0
_TURNS = 5
_AFTER_A_PAGE = 30
_QUIET_MS = 500
_ALONE = 10  # times fewer than in a row: each takes half a second
_WHOLE = 5

# Timed in the page, which is where a person waits.
_POST = """async ([number, count, quiet]) => {
  const times = [];
  for (let n = 0; n < count; n += 1) {
    if (quiet) await new Promise((resolve) => setTimeout(resolve, quiet));
    const begun = performance.now();
    await (await fetch("/pay", { method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ card: { number, expiry: "03 / 31" }, order: n }) })).text();
    times.push(performance.now() - begun);
  }
  return times;
}"""
_SUBMIT = """async ([number, quiet]) => {
  const fields = new FormData(document.querySelector("form"));
  if (number) fields.set("number", number);
  await new Promise((resolve) => setTimeout(resolve, quiet));
  const begun = performance.now();
  await (await fetch("/pay", { method: "POST", body: new URLSearchParams(fields) })).text();
  return performance.now() - begun;
}"""
_NOT_A_CARD = "0000000000000000"


@dataclass(frozen=True, slots=True)
class Look:
    """Milliseconds of each request, sorted: unwatched, watched without a stand-in, and paid through the peer.

    The floors: paused by an extension that does nothing else and let go, or answered after a message to a native host and back.
    """

    plain: list[float]
    watched: list[float]
    paid: list[float]
    bare_pause: list[float]
    bare_answer: list[float]


@dataclass(frozen=True, slots=True)
class SwapTimes:
    """The three looks, and how long the peer's own request takes; milliseconds, sorted."""

    in_a_row: Look
    alone: Look
    sent_on: list[float]
    whole_plain: list[float]
    whole_paid: list[float]

    def as_json(self) -> dict[str, object]:
        """The record that is kept."""
        looks = {
            "inARow": asdict(self.in_a_row),
            "alone": asdict(self.alone),
            "whole": {"plain": self.whole_plain, "paid": self.whole_paid},
        }
        quantiles = {name: {key: _quantiles(series) for key, series in look.items()} for name, look in looks.items()}
        return {"bounds": {"p50Ms": P50_MS, "p99Ms": P99_MS}, "sentOn": _quantiles(self.sent_on), **quantiles}


def _quantiles(ordered: list[float]) -> dict[str, float]:
    return {"n": len(ordered), "p50Ms": nearest_rank(ordered, 0.5), "p99Ms": nearest_rank(ordered, 0.99), "maxMs": ordered[-1]}


async def run(extension: Path, count: int, progress: Callable[[str], None]) -> SwapTimes:
    """`count` requests of each kind in a row, fewer alone and of the whole, with the built `extension`; in turns, so that what the
    machine does besides meets all alike.
    """
    row: dict[str, list[float]] = defaultdict(list)
    alone: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        bare_pause.write_host(Path(folder) / "profile")
        async with paying_world(extension, Path(folder), beside=(bare_pause.EXTENSION,)) as world:
            page = await world.browser.open_shop("/")
            for n in range(_TURNS + 1):
                progress(f"turn {n} of {_TURNS}")
                in_a_row = await _turn(world, page, max(1, count // _TURNS))
                by_itself = await _turn(world, page, max(1, count // _TURNS // _ALONE), _QUIET_MS)
                if n > 0:  # the first one warms up
                    _add(row, in_a_row)
                    _add(alone, by_itself)
            sent_on = await bare_pause.sent_on(world.shop + "/pay", count)
    raise_limits()
    with tempfile.TemporaryDirectory() as folder:
        async with hostile_stack(Path(folder)) as hostile:
            plain, paid = await _whole(hostile, max(1, count // _WHOLE), progress)
    return SwapTimes(Look(**_sorted(row)), Look(**_sorted(alone)), sorted(sent_on), sorted(plain), sorted(paid))


def _add(taken: dict[str, list[float]], times: dict[str, list[float]]) -> None:
    for name, series in times.items():
        taken[name] += series


def _sorted(taken: dict[str, list[float]]) -> dict[str, list[float]]:
    return {name: sorted(series) for name, series in taken.items()}


async def _times(page: Page, number: str, count: int, quiet: int = 0) -> list[float]:
    times: list[float] = await page.evaluate(_POST, [number, count, quiet])
    return times


async def _turn(world: Paying, page: Page, count: int, quiet: int = 0) -> dict[str, list[float]]:
    times = {"plain": await _times(page, _NOT_A_CARD, count, quiet)}
    async with bare_pause.pausing(world.browser.context, page) as bare:
        times["bare_pause"] = await _times(page, _NOT_A_CARD, count, quiet)
        await bare.evaluate("answer()")
        times["bare_answer"] = await _times(page, _NOT_A_CARD, count, quiet)
    await world.arm(page)
    times["watched"] = await _times(page, _NOT_A_CARD, count, quiet)
    times["paid"] = await _times(page, SURROGATE, count, quiet)
    world.withdraw()
    await page.reload()
    await _times(page, _NOT_A_CARD, _AFTER_A_PAGE)
    return times


async def _whole(hostile: Hostile, count: int, progress: Callable[[str], None]) -> tuple[list[float], list[float]]:
    plain, paid = [], []
    for n in range(count + 1):
        progress(f"whole payment {n} of {count}")
        page = await hostile.checkout()
        unwatched = float(await page.evaluate(_SUBMIT, [_NOT_A_CARD, _QUIET_MS]))
        paying = await hostile.surrogate.paying(page=page)
        took = float(await page.evaluate(_SUBMIT, ["", _QUIET_MS]))
        ended = await paying.ended()
        assert ended.outcome == "submitted", ended.outcome
        await hostile.tidy()
        if n > 0:  # the first one warms up
            plain.append(unwatched)
            paid.append(took)
    return plain, paid

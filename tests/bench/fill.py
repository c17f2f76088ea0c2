"""From the click on Approve to filled fields, in a real Chromium. ``./ledgeros bench fill``.

The whole chain runs as separate processes. The popup notes when the trusted click arrived, the
checkout when the first field got the focus and when each last changed; the broker's events say when
the steps between were written down. All clocks are the machine's. The organisation's approval
setting is ``click`` here, so that no authenticator's own time is in the figure; every check that
LedgerOS makes at redeem is. One release takes some 1.6 s: the buttons of a request are inert for
0.8 s, and the browser takes 0.3 s to open the popup.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from rich.console import Console

from broker.core.canonical import b64u
from broker.demo.browser import Look
from broker.demo.stage import Stage
from broker.demo.story import Story
from broker.demo.tale import Tale
from tests.browser.world import World

P50_MS = 50.0
P99_MS = 150.0

# A person may be asked far more often here than the defaults allow; the report says so.
_RAISED = {
    "LEDGEROS_ISSUER_DETAILS_PER_HOUR": "100000", "LEDGEROS_ISSUER_WRITES_PER_MINUTE": "100000", "LEDGEROS_ISSUER_WRITES_BURST": "10000",
    "LEDGEROS_ISSUER_READS_PER_MINUTE": "100000", "LEDGEROS_ISSUER_READS_BURST": "10000", "LEDGEROS_BROKER_RELEASES_PER_MINUTE": "10000",
    "LEDGEROS_BROKER_RELEASES_BURST": "1000",
}  # fmt: skip

_NOTE_CLICK = """addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (event.isTrusted && button?.textContent.trim().startsWith("Approve")) window.__clicked = performance.timeOrigin + performance.now();
}, true)"""
# What any answer would cost on the same way and back: popup, worker, native messaging host, broker, LedgerOS; and once into the page.
_FLOOR = """(async () => {
  const port = chrome.runtime.connect({ name: "page" });
  const [tab] = await chrome.tabs.query({ url: SHOP });
  const started = performance.now();
  await new Promise((resolve) => {
    port.onMessage.addListener((message) => message.n === 1 && resolve());
    port.postMessage({ n: 1, name: "listRules", ask: {} });
  });
  await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: () => 1, injectImmediately: true });
  const took = performance.now() - started;
  port.disconnect();
  return took;
})()"""
_NOTE_INPUT = """() => {
  window.__times = [];
  const note = () => window.__times.push(performance.timeOrigin + performance.now());
  addEventListener("focusin", note, { capture: true, once: true });
  addEventListener("input", note, true);
}"""

# What passes between two moments: the click, three events of the broker, the first field's focus, the last field's change.
_EVENTS = ("person:release:approved", "issuer:token:redeemed", "broker:credentials:delivered")
STAGES = {
    "approval": "click → the broker has the approval",
    "redeem": "approval kept, redeemed at LedgerOS",
    "delivery": "redeem kept, handed to the browser",
    "opening": "seal opened, page looked at again",
    "writing": "the fields written",
}


@dataclass(frozen=True, slots=True)
class FillTimes:
    """Milliseconds, sorted: from click to the last field written, its `STAGES`, and a message that does nothing on the same way."""

    milliseconds: list[float]
    floor: list[float]
    stages: dict[str, list[float]]

    def at(self, share: float) -> float:
        """The value below which `share` of the releases lie (nearest rank)."""
        return nearest_rank(self.milliseconds, share)

    def as_json(self) -> dict[str, object]:
        """The record that is kept."""
        return {
            "releases": len(self.milliseconds), "p50Ms": self.at(0.50), "p90Ms": self.at(0.90), "p99Ms": self.at(0.99),
            "maxMs": self.milliseconds[-1],
            "floorP50Ms": nearest_rank(self.floor, 0.50), "floorP99Ms": nearest_rank(self.floor, 0.99),
            "stages": {key: {"p50Ms": nearest_rank(times, 0.5), "p99Ms": nearest_rank(times, 0.99)} for key, times in self.stages.items()},
            "bounds": {"p50Ms": P50_MS, "p99Ms": P99_MS}, "milliseconds": self.milliseconds,
        }  # fmt: skip


def raise_limits() -> None:
    """For the processes that are started from here on."""
    os.environ.update(_RAISED)


def nearest_rank(ordered: list[float], share: float) -> float:
    """The value below which `share` of `ordered` lie."""
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


@dataclass(slots=True)
class _Fill:
    """One release; moments are Unix milliseconds."""

    release_id: str
    clicked: float
    begun: float
    written: float
    floor: float
    events: dict[str, float] = field(default_factory=dict)

    @property
    def took(self) -> float:
        return self.written - self.clicked

    def stages(self) -> list[float]:
        moments = [self.clicked, *(self.events[name] for name in _EVENTS), self.begun, self.written]
        return [later - earlier for earlier, later in pairwise(moments)]


async def _one(world: World, card_id: str) -> _Fill:
    page = await world.open()
    await page.evaluate(_NOTE_INPUT)
    task = world.ask(card_id, page.url, summary=f"Notebooks {b64u(os.urandom(4))}")
    async with world.person.popup() as popup:
        await popup.page.evaluate(_NOTE_CLICK)
        await popup.approve()
        release = await task
        clicked = float(await popup.page.evaluate("window.__clicked"))
        floor = float(await popup.page.evaluate(_FLOOR.replace("SHOP", json.dumps(f"{world.shop.origin.rpartition(':')[0]}/*"))))
    assert release.outcome == "filled", release.outcome
    times = await page.evaluate("window.__times")
    await world.tidy()
    return _Fill(release.id, clicked, times[0], times[-1], floor)


def _join_events(world: World, fills: list[_Fill]) -> None:
    by_id = {fill.release_id: fill for fill in fills}
    for entry in world.broker_events():
        if entry.name in _EVENTS:
            # An event names its whole millisecond: the middle of it is nearest.
            by_id[entry.facts["releaseId"]].events[entry.name] = entry.at + 0.5


async def run(count: int, progress: Callable[[str], None]) -> FillTimes:
    """`count` releases, one after another."""
    raise_limits()
    with tempfile.TemporaryDirectory() as folder:
        async with Stage(Path(folder), Look()) as stage:
            story = Story(stage, Tale(Console(quiet=True)))
            await story.set_up()
            await story.owner.choose_approval("click")
            await story.account.new_card(type="multi")
            story.person.leaves_passkey_at_home()
            world, fills = World(story), list[_Fill]()
            for n in range(count):
                fills.append(await _one(world, story.account.card_id))
                progress(f"release {n + 1} of {count}: {fills[-1].took:.1f} ms, floor {fills[-1].floor:.1f} ms")
            _join_events(world, fills)
    stages = zip(*(fill.stages() for fill in fills), strict=True)
    return FillTimes(
        sorted(fill.took for fill in fills), sorted(fill.floor for fill in fills), dict(zip(STAGES, map(sorted, stages), strict=True))
    )

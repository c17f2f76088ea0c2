"""The canary: run the whole chain with a known number, then look for it everywhere it must not be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from broker import admin
from broker.demo.browser import Look
from broker.demo.evidence import NumberSearch
from broker.demo.plan import Mode, Plan
from broker.demo.stage import Stage
from broker.demo.story import Story
from broker.demo.tale import Tale
from broker.issuer.admin import number_of_card, read_events

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("mode", ["direct", "surrogate"])
async def test_the_number_is_nowhere_but_in_the_filled_form(tmp_path: Path, capfd: pytest.CaptureFixture[str], mode: Mode) -> None:
    with (tmp_path / "told.txt").open("w") as told:
        async with Stage(tmp_path / "run", Look()) as stage:
            story = Story(stage, Tale(Console(file=told, width=200)), Plan(wanted=mode))
            await story.set_up()
            readable = await story.buy()
            search = NumberSearch(number_of_card(stage.state.path, story.account.card_id))
            pages = [await page.inner_text("body") for page in story.browser.context.pages]
            api = await _api_answers(story)
            said = "".join(capfd.readouterr())
    (tmp_path / "pages.json").write_text(json.dumps(pages))
    (tmp_path / "api.json").write_text(json.dumps(api))
    (tmp_path / "output.txt").write_text(said)
    (tmp_path / "events.json").write_text(json.dumps(_event_exports(stage)))

    # The spy works: it found the number where it is allowed to be (nowhere in surrogate mode), and it finds a planted one.
    assert readable is (mode == "direct")
    planted = tmp_path / "planted"
    planted.write_text(number_of_card(stage.state.path, story.account.card_id).reveal())
    # Databases, write-ahead logs, keys, logs, the agent's transcript, the browser's whole profile
    # (extension storage, IndexedDB, caches), screenshots as bytes, and all that was written above.
    assert search.files_with_it([tmp_path]) == [planted]
    assert {"issuer.db", "broker.db", "issuer.log", "broker.log", "agent-transcript.jsonl"} <= {path.name for path in tmp_path.rglob("*")}
    assert (tmp_path / "run" / "profile" / "Default").is_dir()


async def _api_answers(story: Story) -> list[object]:
    developer, account = story.account.developer, story.account
    paths = (
        "/v1/users", "/v1/agents", "/v1/cards", f"/v1/cards/{account.card_id}", f"/v1/cards/{account.card_id}/access-events",
        f"/v1/cards/{account.card_id}/transactions", "/v1/transactions", "/v1/events",
    )  # fmt: skip
    return [await developer.call("GET", path) for path in paths]


def _event_exports(stage: Stage) -> list[object]:
    entries = [*read_events(stage.state.path), *admin.list_events(stage.state.path)]
    return [entry.export() for entry in entries]

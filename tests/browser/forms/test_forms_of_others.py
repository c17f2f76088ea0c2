"""Forms that the engine was not written from: made ones from other words, names and layouts, and saved ones that may be passed on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page

from broker.formlab.pages import CARD_TYPES, LabelledPage, Predictions, load_pages
from broker.formlab.score import score
from broker.formlab.serve import serve_pages
from tests.browser.forms.engine_world import HERE, EngineWorld, bundle
from tests.browser.forms.stress.make import write_pages


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The engine over many pages at once."""
    return bundle(HERE / "lab_entry.ts", tmp_path_factory.mktemp("lab") / "lab.js")


async def predict_all(page: Page, lab: str, folder: Path, pages: list[LabelledPage]) -> Predictions:
    async with serve_pages(folder) as base:
        await page.goto(f"{base}/generated/4")
        world = await EngineWorld.open(page, lab)
        answers: Predictions = await world.call("predictAll", [labelled.path for labelled in pages])
        return answers


@pytest.mark.asyncio
async def test_made_forms_are_read_without_a_mistake(page: Page, lab: str, tmp_path: Path) -> None:
    write_pages(tmp_path)
    pages = load_pages(tmp_path)
    assert len(pages) > 400
    assert len({labelled.language for labelled in pages}) >= 30
    result = score(pages, await predict_all(page, lab, tmp_path, pages), CARD_TYPES)
    assert [f"{m.path} {m.index}: {m.expected} taken for {m.found}" for m in result.mistakes] == []


@pytest.mark.asyncio
async def test_saved_checkouts_are_read_and_other_forms_left_alone(page: Page, lab: str, shared_file: Callable[[str], Path]) -> None:
    folder = shared_file("forms/dev/labels.jsonl").parent
    lines = [json.loads(line) for line in (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
    free = {line["path"] for line in lines if line["redistributable"]}
    pages = [labelled for labelled in load_pages(folder) if labelled.path in free]
    result = score(pages, await predict_all(page, lab, folder, pages), CARD_TYPES)
    assert result.other_pages_wrong == 0
    assert result.micro.f1 >= 0.97
    assert result.macro_f1 >= 0.97


@pytest.mark.asyncio
async def test_a_form_is_read_wrongly_when_its_labels_lie(page: Page, lab: str, tmp_path: Path) -> None:
    write_pages(tmp_path)
    pages = [labelled for labelled in load_pages(tmp_path) if labelled.path.startswith("pages/homemade-card-norwegian")]
    path = tmp_path / pages[0].path
    path.write_text(path.read_text(encoding="utf-8").replace("Kortnr:", "Gavekortnummer:"), encoding="utf-8")
    result = score(pages, await predict_all(page, lab, tmp_path, pages), CARD_TYPES)
    assert result.card_pages_right == 0

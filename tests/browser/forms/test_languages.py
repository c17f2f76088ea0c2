"""Our own pages, read by the built extension as it would fill them."""

from __future__ import annotations

import json

import pytest

from broker.formlab.pages import CARD_TYPES, load_pages
from broker.formlab.run import BuiltExtension, predict
from broker.formlab.score import score
from broker.install.extension_build import build_extension, extension_folder, extension_id
from tests.browser.forms.engine_world import HERE


def test_every_language_has_a_labelled_page() -> None:
    pages = {page.language for page in load_pages(HERE)}
    known = {json.loads(path.read_text(encoding="utf-8"))["code"] for path in (extension_folder() / "forms" / "languages").glob("*.json")}
    assert len(known) >= 20
    assert known <= pages


@pytest.mark.asyncio
async def test_the_built_extension_reads_every_form_of_ours() -> None:
    pages = load_pages(HERE)
    extension = BuiltExtension(build_extension(lambda _: None), extension_id())
    predictions = await predict(HERE, pages, extension, lambda: None)
    result = score(pages, predictions, CARD_TYPES)
    assert [f"{m.path} {m.index}: {m.expected} taken for {m.found}" for m in result.mistakes] == []
    assert (result.card_pages_right, result.other_pages_wrong) == (result.card_pages, 0)

"""The search for a number finds it in every disguise it claims to look for, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from stdnum import luhn

from broker.core.card_number import Pan
from broker.demo.evidence import NumberSearch

NUMBER = "4242420000000000"


@pytest.fixture
def number() -> str:
    return NUMBER[:-1] + luhn.calc_check_digit(NUMBER[:-1])


DISGUISES: dict[str, Callable[[str], bytes]] = {
    "plain": lambda number: number.encode(),
    "spaced": lambda number: _grouped(number, " "),
    "dashed": lambda number: _grouped(number, "-"),
    "no-break space": lambda number: _grouped(number, "\u00a0"),
    "JSON escape": lambda number: json.dumps(_grouped(number, "\u00a0").decode()).encode(),
    "HTML entity": lambda number: _grouped(number, "&nbsp;"),
    "form encoding": lambda number: _grouped(number, "%20"),
    "every digit apart": lambda number: " ".join(number).encode(),
    "base64": lambda number: base64.b64encode(number.encode()),
    "hex": lambda number: number.encode().hex().encode(),
    "UTF-16": lambda number: number.encode("utf-16-le"),
}


def _grouped(number: str, separator: str) -> bytes:
    return separator.join(number[i : i + 4] for i in range(0, 16, 4)).encode()


@pytest.mark.parametrize("disguise", DISGUISES)
def test_the_number_is_found_in_every_form(number: str, disguise: str) -> None:
    assert NumberSearch(Pan(number)).finds_in(b'{"x": "' + DISGUISES[disguise](number) + b'"}')


def test_another_number_is_not_found(number: str) -> None:
    assert not NumberSearch(Pan(number)).finds_in(("4111111111111111 " + number[:-2]).encode())


def test_the_file_that_holds_it_is_named(number: str, tmp_path: Path) -> None:
    (tmp_path / "clean.log").write_text("card ending " + number[-4:])
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "leak.bin").write_bytes(b"\0\0" + number.encode() + b"\0")
    assert NumberSearch(Pan(number)).files_with_it([tmp_path]) == [tmp_path / "deep" / "leak.bin"]

"""Nothing PAN-shaped gets through a log."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from broker.core.logs import MASK, configure_logging, mask_numbers

NUMBER = "4242424242424242"


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        f"card {NUMBER}.",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        f"9{NUMBER}",
        f"2026-11-24 {NUMBER}",
        '{"pan":"' + NUMBER + '"}',
    ],
)
def test_a_card_number_is_masked_in_every_writing(text: str) -> None:
    masked = mask_numbers(text)
    assert MASK in masked
    assert "4242" not in masked


@pytest.mark.parametrize("text", ["4242", "2026-11-24", "12:30:59", "1763950000001", "card_01jdabc", "port 40123"])
def test_other_figures_stay(text: str) -> None:
    assert mask_numbers(text) == text


def test_events_tracebacks_and_the_standard_library_are_masked() -> None:
    stream = io.StringIO()
    before = logging.getLogger().handlers[:]
    configure_logging(stream)
    try:
        log = structlog.get_logger()
        log.info("paid", body={"deep": [{"pan": NUMBER}]}, number=int(NUMBER), **{NUMBER: "key"})
        try:
            raise ValueError(f"bad {NUMBER}")
        except ValueError:
            log.exception("failed")
        logging.getLogger("aiohttp").warning("got %s", NUMBER)
    finally:
        logging.getLogger().handlers[:] = before
        structlog.reset_defaults()
    lines = stream.getvalue().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["paid", "failed", f"got {MASK}"]
    assert "Traceback" in json.loads(lines[1])["exception"]
    assert NUMBER not in stream.getvalue()

"""The largest messages fit into what carries them: none of them can end a connection by its size."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from broker.egress.frames import frame
from broker.protocol.channel import MAX_PLAINTEXT
from broker.protocol.egress import MAX_FRAME, MAX_HEADERS, Send


def largest(headers: int = MAX_HEADERS, filling: str = "\x01") -> Send:
    """A payment request at every limit at once; a control character takes six bytes in JSON."""
    named = [(f"h{at:03}", filling * 1_000) for at in range((headers - 4) // 1_004)]
    left = headers - sum(len(name) + len(value) for name, value in named)
    return Send(
        request_id="r" * 100, release_id="rel_" + "a" * 64, url=filling * 8_192, method="A" * 10,
        headers=(*named, ("", filling * left)), body="A" * 5_400_000, top_origin="https://" + "a" * 260,
        frame_origin="https://" + "a" * 260, resource_type="document",
    )  # fmt: skip


@pytest.mark.parametrize("filling", ["\x01", "é", "€"])
def test_a_payment_request_at_its_limits_fits_into_a_frame_to_the_egress_and_into_the_channel(filling: str) -> None:
    request = largest(filling=filling)
    assert len(frame(request)) <= MAX_FRAME
    assert len(json.dumps(request.wire(), ensure_ascii=False).encode()) <= MAX_PLAINTEXT


def test_headers_that_are_too_large_together_make_no_payment_request() -> None:
    with pytest.raises(ValidationError):
        largest(headers=MAX_HEADERS + 1)

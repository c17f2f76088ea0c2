"""Logs: one JSON object a line on stderr, and nothing that looks like a card number ever in one.

Seam of the no-I/O rule of this package: only `configure_logging` touches a stream.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from stdnum import luhn

_RUN = re.compile(r"\d(?:[ \-]?\d){12,}")
_SHORTEST, _LONGEST = 13, 19  # digits of a PAN, ISO/IEC 7812
MASK = "[number removed]"


def _holds_number(digits: str) -> bool:
    return any(
        luhn.is_valid(digits[start : start + length])
        for length in range(_SHORTEST, min(_LONGEST, len(digits)) + 1)
        for start in range(len(digits) - length + 1)
    )


def mask_numbers(text: str) -> str:
    """`text` without any run of digits (single spaces or dashes allowed) that holds a Luhn-valid number of 13 to 19 digits.

    The whole run goes, so that a number inside a longer one does not stay. Now and then that takes
    an innocent number with it: a log that is short of a figure is better than one that holds a card's.
    """

    def replace(match: re.Match[str]) -> str:
        digits = match.group().replace(" ", "").replace("-", "")
        return MASK if _holds_number(digits) else match.group()

    return _RUN.sub(replace, text)


def drop_numbers(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor: every key and value, at any depth, through `mask_numbers`."""
    return {mask_numbers(str(key)): _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value if mask_numbers(str(value)) == str(value) else MASK
    if isinstance(value, Mapping):
        return {mask_numbers(str(key)): _masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item) for item in value]
    return mask_numbers(str(value))


def configure_logging(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send structlog and the standard library's logging to `stream` (stderr) as JSON, once per process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Tracebacks become text before the mask looks, so that it sees them too.
    last: list[Any] = [
        structlog.processors.format_exc_info,
        drop_numbers,
        structlog.processors.JSONRenderer(default=lambda value: mask_numbers(repr(value))),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )

"""Content codings of answers (RFC 9110, section 8.4), undone as a stream with bounded memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

from broker.egress.scrub import NotScrubbableError

ACCEPTED = "gzip, deflate"
"""What is offered to merchants. Brotli and zstd are not: nothing in the standard library undoes them."""

_STEP = 65_536
_MOST_LAYERS = 3


class Decoder(Protocol):
    """Undoes one coding."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decoded pieces, each of bounded size; raises `NotScrubbableError` for damaged data."""
        ...

    def finish(self) -> None:
        """Raises `NotScrubbableError` when the data ended early."""
        ...


class _Zlib:
    """gzip (one or more members) or deflate, with or without the zlib wrapper that servers disagree about."""

    def __init__(self, coding: str) -> None:
        self._gzip = coding in ("gzip", "x-gzip")
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16) if self._gzip else None

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            yield from self._feed(data)
        except zlib.error:
            raise NotScrubbableError from None

    def _feed(self, data: bytes) -> Iterator[bytes]:
        more = False  # zlib may hold what it has decoded already when all data is consumed
        while data or more:
            if self._stream is None:
                # CMF of a zlib stream (RFC 1950): method 8 in the low bits. A raw deflate block does not begin so.
                self._stream = zlib.decompressobj(zlib.MAX_WBITS if data[0] & 0x0F == 8 else -zlib.MAX_WBITS)
            piece = self._stream.decompress(data, _STEP)
            yield piece
            data, more = self._stream.unconsumed_tail, len(piece) == _STEP
            if self._stream.eof:
                data = self._stream.unused_data
                self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16) if self._gzip and data else self._stream
                if not self._gzip or not data:
                    return

    def finish(self) -> None:
        if self._stream is not None and not self._stream.eof:
            raise NotScrubbableError


class Decoding:
    """All codings of one answer, outermost first. An answer without a body has nothing to undo."""

    def __init__(self, content_encoding: Iterable[str], transfer_encoding: Iterable[str] = ()) -> None:
        codings = _names(content_encoding)
        if len(codings) > _MOST_LAYERS or not set(codings) <= {"gzip", "x-gzip", "deflate"}:
            raise NotScrubbableError
        if not set(_names(transfer_encoding)) <= {"chunked"}:  # the client undoes no other, and a page could
            raise NotScrubbableError
        self._layers: list[Decoder] = [_Zlib(name) for name in reversed(codings)]
        self._any = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decoded pieces of at most 64 KiB for each coding; `data` itself when there is none."""
        self._any = self._any or bool(data)
        yield from self._through(0, data)

    def finish(self) -> None:
        """Raises `NotScrubbableError` when the answer ended in the middle of a coding."""
        if self._any:
            for layer in self._layers:
                layer.finish()

    def _through(self, depth: int, data: bytes) -> Iterator[bytes]:
        if depth == len(self._layers):
            yield data
            return
        for piece in self._layers[depth].feed(data):
            if piece:
                yield from self._through(depth + 1, piece)


def _names(values: Iterable[str]) -> list[str]:
    names = [name.strip().lower() for value in values for name in value.split(",")]
    return [name for name in names if name not in ("", "identity")]

"""Draws the extension's icons: an indigo tile with three ledger lines, the last one ticked off.

``python extension/scripts/icons.py`` writes ``extension/public/icons/*.png`` (standard library only).
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

INDIGO = (67, 56, 202)
WHITE = (255, 255, 255)
SAMPLES = 4
FOLDER = Path(__file__).parents[1] / "public" / "icons"


def _in_tile(x: float, y: float, radius: float = 0.22) -> bool:
    dx, dy = max(radius - x, x - (1 - radius), 0), max(radius - y, y - (1 - radius), 0)
    return dx * dx + dy * dy <= radius * radius


def _near(x: float, y: float, a: tuple[float, float], b: tuple[float, float], width: float) -> bool:
    length = (b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2
    along = min(1.0, max(0.0, ((x - a[0]) * (b[0] - a[0]) + (y - a[1]) * (b[1] - a[1])) / length))
    return (x - a[0] - along * (b[0] - a[0])) ** 2 + (y - a[1] - along * (b[1] - a[1])) ** 2 <= width * width


def _in_lines(x: float, y: float) -> bool:
    rows = any(_near(x, y, (0.26, at), (0.74, at), 0.05) for at in (0.28, 0.46))
    tick = _near(x, y, (0.30, 0.70), (0.44, 0.82), 0.055) or _near(x, y, (0.44, 0.82), (0.72, 0.60), 0.055)
    return rows or tick


def _pixel(size: int, column: int, row: int) -> bytes:
    points = [((column + (i + 0.5) / SAMPLES) / size, (row + (j + 0.5) / SAMPLES) / size) for i in range(SAMPLES) for j in range(SAMPLES)]
    tile = [point for point in points if _in_tile(*point)]
    if not tile:
        return bytes(4)
    white = sum(_in_lines(*point) for point in tile) / len(tile)
    colour = [round(w * white + i * (1 - white)) for w, i in zip(WHITE, INDIGO, strict=True)]
    return bytes([*colour, round(255 * len(tile) / len(points))])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(size: int) -> bytes:
    """The icon as PNG (RFC 2083), `size` pixels square."""
    rows = b"".join(b"\0" + b"".join(_pixel(size, column, row) for column in range(size)) for row in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for size in (16, 48, 128):
        (FOLDER / f"{size}.png").write_bytes(png(size))

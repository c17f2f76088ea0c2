"""How programmers and shop systems call the fields of a card: ``names.json`` has one entry a convention, in the order of :data:`KEYS`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

KEYS = ("number", "exp", "month", "year", "code", "holder", "type")
CONVENTIONS: dict[str, list[str]] = json.loads((Path(__file__).parent / "names.json").read_text(encoding="utf-8"))
# These say nothing; what a field is must be read from the page.
MUTE = ("counted", "hashed", "generated", "material", "builder", "none")


def name_of(convention: str, key: str, place: int, seed: str) -> str:
    """The name of one field; a mute convention counts or hashes."""
    if convention in CONVENTIONS:
        return CONVENTIONS[convention][KEYS.index(key)] if key in KEYS else key
    digest = hashlib.sha256(f"{seed}{place}{key}".encode()).hexdigest()
    return {
        "counted": f"field{place}", "hashed": f"f_{digest[:10]}", "generated": f":r{int(digest[:2], 16):x}:",
        "material": f"mat-input-{place}", "builder": f"input_12.{place}", "none": "",
    }[convention]  # fmt: skip

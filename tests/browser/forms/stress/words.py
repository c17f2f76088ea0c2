"""What shops write beside the fields of a card, and beside fields that are none: ``words.json``, by language.

Written from what is seen in shops, not from the engine's own terms: that is what makes it a test of them.
"""

from __future__ import annotations

import json
from pathlib import Path

NUMBER, EXPIRY, MONTH, YEAR, CODE, HOLDER = "cc-number", "cc-exp", "cc-exp-month", "cc-exp-year", "cc-csc", "cc-name"
_WORDS = json.loads((Path(__file__).parent / "words.json").read_text(encoding="utf-8"))
CARD: dict[str, dict[str, list[str]]] = _WORDS["card"]
DECOYS: dict[str, dict[str, list[str]]] = _WORDS["decoys"]
"""By what the field is, then by language."""
CODE_HELP: dict[str, str] = _WORDS["codeHelp"]
"""Said beside a security code, so that people find it; the words of a card in it are no field's."""

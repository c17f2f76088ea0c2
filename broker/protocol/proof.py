"""Proof by code: how two machines that a person stands between learn each other's keys.

Used twice: pairing (code shown by the broker) and enrolment (code shown by LedgerOS's dashboard);
the person types it into the extension, or at the egress. Both sides send an HMAC, under a key stretched from the
code, over everything they want the other to pin. We chose a long code over a PAKE: with 80 random
bits, one use, ten minutes and five tries, neither an online nor an offline guess is possible, so
the property a PAKE adds (safety with short codes) is not needed, and nothing but HMAC and PBKDF2
from the platforms' own libraries is. All that travels comes from the stretched key, the code's name
too: whoever recorded it pays the whole stretch for each guess.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any, Literal

from broker.core.canonical import b64u, canonical_json, unb64u
from broker.core.ids import Randomness

CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 16
CODE_LIFE_MS = 10 * 60_000
CODE_TRIES = 5
STRETCH_ITERATIONS = 200_000

Ceremony = Literal["pairing", "enrolment"]
Role = Literal["extension", "broker", "issuer", "egress"]


def new_code(randomness: Randomness = secrets.token_bytes) -> str:
    """Sixteen Crockford base32 characters (80 bits) in groups of four."""
    number = int.from_bytes(randomness(10), "big")
    text = "".join(CODE_ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))
    return "-".join(text[i : i + 4] for i in range(0, CODE_LENGTH, 4))


def normalise_code(text: str) -> str:
    """A typed code as its sixteen characters: case, spaces, dashes and look-alikes (I L → 1, O → 0) forgiven.

    Raises ``ValueError`` when it cannot be a code.
    """
    code = "".join(c for c in text.upper() if c not in " -\t").translate(str.maketrans("ILO", "110"))
    if len(code) != CODE_LENGTH or any(c not in CODE_ALPHABET for c in code):
        raise ValueError("a code has sixteen letters and digits")
    return code


def proof_key(code: str, ceremony: Ceremony) -> bytes:
    """The 32-byte HMAC key of a code: PBKDF2-HMAC-SHA256, salt ``ledgeros/<ceremony>/v1``. Slow by design; do it once a code."""
    return hashlib.pbkdf2_hmac("sha256", normalise_code(code).encode(), f"ledgeros/{ceremony}/v1".encode(), STRETCH_ITERATIONS)


def code_id(key: bytes) -> str:
    """The public name of the code whose `proof_key` is `key`, so that the other side finds it."""
    # No proof is over these bytes: each of those begins with a role and a line feed.
    return b64u(hmac.digest(key, b"ledgeros/code-id/v1", "sha256")[:12])


def make_proof(key: bytes, role: Role, message: Any) -> str:
    """base64url HMAC-SHA256 by `role` over the canonical JSON of `message` (a JSON value without its proof)."""
    return b64u(hmac.digest(key, role.encode() + b"\n" + canonical_json(message), "sha256"))


def check_proof(key: bytes, role: Role, message: Any, proof: str) -> bool:
    """Whether `proof` is `make_proof` of the same arguments, in constant time."""
    try:
        given = unb64u(proof)
    except ValueError:
        return False
    return hmac.compare_digest(unb64u(make_proof(key, role, message)), given)

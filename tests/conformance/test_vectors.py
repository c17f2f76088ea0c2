"""The vectors that the TypeScript tests run too (extension/tests/vectors.test.ts) are what Python makes today."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from broker.core.canonical import b64u, digest, unb64u
from broker.core.text import plain_text
from broker.protocol.denial import Denial
from broker.protocol.facts import verify_facts
from broker.protocol.proof import code_id, proof_key
from broker.protocol.sealing import Sealed, unseal
from tests.conformance import make_vectors

FILE: dict[str, Any] = json.loads(make_vectors.VECTORS.read_text())


def test_the_vectors_are_up_to_date() -> None:
    assert make_vectors.make(FILE) == FILE


def test_a_sealed_card_opens_under_its_decision_only() -> None:
    vector = FILE["sealing"]
    key = X25519PrivateKey.from_private_bytes(unb64u(vector["privateKey"]))
    sealed = Sealed.read(vector["sealed"])
    card = unseal(sealed, key, unb64u(vector["decisionDigest"]), vector["cardId"])
    assert card.pan.reveal() == vector["plaintext"]["pan"]
    with pytest.raises(InvalidTag):
        unseal(sealed, key, unb64u(vector["decisionDigest"]), "card_2")


def test_signed_facts_verify_and_altered_ones_do_not() -> None:
    vector = FILE["facts"]
    key = Ed25519PublicKey.from_public_bytes(unb64u(vector["issuerKey"]))
    assert verify_facts(vector["jws"], key).wire() == vector["facts"]
    assert vector["tampered"] != vector["jws"]
    with pytest.raises(ValueError, match="not an introspection"):
        verify_facts(vector["tampered"], key)


def test_a_denial_is_signed_over_its_own_digest_and_no_decisions() -> None:
    vector, decision = FILE["denial"], FILE["decision"]
    key = Ed25519PrivateKey.from_private_bytes(unb64u(vector["devicePrivate"])).public_key()
    key.verify(unb64u(vector["signature"]), Denial.read(vector["denial"]).digest())
    assert vector["digest"] != b64u(digest("ledgeros/decision/v1", vector["denial"]))
    with pytest.raises(InvalidSignature):
        key.verify(unb64u(vector["signature"]), unb64u(decision["digest"]))


def test_what_was_made_plain_is_signed_as_it_is() -> None:
    for vector in FILE["texts"]:
        assert plain_text(vector["plain"], vector["limit"]) == vector["plain"]


def test_a_code_is_the_same_however_it_is_typed() -> None:
    for vector in FILE["proofs"]:
        assert code_id(proof_key(vector["typed"], vector["ceremony"])) == vector["codeId"]

"""What is signed or sealed opens only unchanged, under the same key and the same decision."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from broker.core.canonical import b64u, canonical_json, unb64u
from broker.core.card_number import Cvv, Pan
from broker.core.errors import LedgerError
from broker.protocol.decision import PasskeyAssertion
from broker.protocol.facts import Facts, sign_facts, verify_facts
from broker.protocol.outcomes import MEANINGS, Outcome
from broker.protocol.proof import check_proof, code_id, make_proof, new_code, normalise_code, proof_key
from broker.protocol.schema import schema_text, wire_models
from broker.protocol.sealing import Credentials, key_id, seal, unseal

FACTS = Facts(
    issued_at=1, token_hash="AA", access_event_id="evt_1", expires_at=2, broker_id="brk_1", organisation_name="Org", user_name="John Doe",
    agent_id="agent_1", agent_name="bot", card_id="card_1", card_brand="Visa", last4="4242", card_purpose="paper", card_type="single",
    remaining=None, max_amount=10_000, summary="paper", expected_amount=5_000, expected_currency="USD", merchant_text="Amazon", origin=None,
    linked_origins=(), approval="click", step_up_above=0, amount_tolerance_basis_points=200,
)  # fmt: skip


BASE64URL = st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True)


@given(st.lists(BASE64URL, min_size=4, max_size=4))
def test_an_assertion_is_stored_as_the_json_that_came(parts: list[str]) -> None:
    credential, authenticator, client, signature = parts
    assertion = PasskeyAssertion(credential_id=credential, authenticator_data=authenticator, client_data_json=client, signature=signature)
    assert assertion.stored() == assertion.model_dump_json(by_alias=True)


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\n", "a b", "é", ""])
def test_what_would_need_escaping_is_no_assertion(text: str) -> None:
    with pytest.raises(ValidationError):
        PasskeyAssertion(credential_id="a", authenticator_data="a", client_data_json="a", signature=text)


def test_facts_are_read_back_as_they_were_signed() -> None:
    key = Ed25519PrivateKey.generate()
    assert verify_facts(sign_facts(FACTS, key), key.public_key()) == FACTS


def test_facts_changed_by_a_broker_are_not_facts() -> None:
    key = Ed25519PrivateKey.generate()
    header, payload, signature = sign_facts(FACTS, key).split(".")
    other = json.loads(unb64u(payload)) | {"cardId": "card_2"}
    none_header = b64u(canonical_json({"alg": "none", "typ": "token-introspection+jwt"}))
    for forged in (
        f"{header}.{b64u(canonical_json(other))}.{signature}",
        f"{none_header}.{payload}.",
        f"{header}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}",
        f"{header}.{payload}",
        "",
    ):
        with pytest.raises(ValueError, match="not an introspection"):
            verify_facts(forged, key.public_key())
    with pytest.raises(ValueError, match="not an introspection"):
        verify_facts(f"{header}.{payload}.{signature}", Ed25519PrivateKey.generate().public_key())


def test_credentials_open_only_under_their_own_decision_card_and_key() -> None:
    key, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    credentials = Credentials(
        pan=Pan("4242424242424242"), cvv=Cvv("123"), expiration_month=1, expiration_year=2030, cardholder_name="John Doe", brand="Visa"
    )
    sealed = seal(credentials, key.public_key().public_bytes_raw(), b"d" * 32, "card_1")
    assert unseal(sealed, key, b"d" * 32, "card_1") == credentials
    assert sealed.key_id == key_id(key.public_key().public_bytes_raw())
    for attempt in ((other, b"d" * 32, "card_1"), (key, b"e" * 32, "card_1"), (key, b"d" * 32, "card_2")):
        with pytest.raises(InvalidTag):
            unseal(sealed, *attempt)


def test_a_code_proves_both_ways_and_for_its_ceremony_only() -> None:
    code = new_code()
    key = proof_key(code, "pairing")
    proof = make_proof(key, "extension", {"a": 1})
    assert check_proof(key, "extension", {"a": 1}, proof)
    assert not check_proof(key, "broker", {"a": 1}, proof)
    assert not check_proof(key, "extension", {"a": 2}, proof)
    assert not check_proof(key, "extension", {"a": 1}, "not base64url!")
    other = proof_key(code, "enrolment")
    assert not check_proof(other, "extension", {"a": 1}, proof)
    assert code_id(key) != code_id(other)


def test_guessing_a_code_by_its_recorded_name_costs_the_whole_stretch_each_time() -> None:
    code = new_code()
    key, plain = proof_key(code, "pairing"), normalise_code(code).encode()
    recorded = code_id(key)
    assert recorded == code_id(proof_key(code.lower(), "pairing")), "both sides know it by the same name"
    cheap = hashlib.pbkdf2_hmac("sha256", plain, b"ledgeros/pairing/v1", 1)
    hashes = (plain, b"ledgeros/pairing-id/v1\n" + plain, b"ledgeros/code-id/v1\n" + plain)
    assert recorded not in {code_id(cheap), *(b64u(hashlib.sha256(text).digest()[:12]) for text in hashes)}


@given(st.binary(min_size=10, max_size=10))
def test_a_code_survives_the_way_people_type(raw: bytes) -> None:
    code = new_code(lambda _: raw)
    sloppy = code.lower().replace("-", " ").replace("1", "l").replace("0", "o")
    assert normalise_code(sloppy) == code.replace("-", "")


@pytest.mark.parametrize("text", ["", "ABCD", "U" * 16, "A" * 17])
def test_what_cannot_be_a_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="sixteen"):
        normalise_code(text)


def test_a_bad_message_is_refused_without_repeating_it() -> None:
    with pytest.raises(LedgerError) as caught:
        Facts.read({"issuedAt": "4242424242424242", "sneaky4242424242424242": 1})
    assert "4242" not in json.dumps(caught.value.body())
    assert "issuedAt" in caught.value.message


def test_every_outcome_says_what_it_means_and_what_to_do() -> None:
    assert set(MEANINGS) == set(Outcome)
    assert all(m.sentence.endswith(".") and m.next_step for m in MEANINGS.values())
    assert not [code for code, m in MEANINGS.items() if m.value_delivered and m.retry == "same decision"]


def test_the_schema_holds_every_message() -> None:
    schema = json.loads(schema_text())
    assert {model.__name__ for model in wire_models()} <= set(schema["$defs"])
    assert set(schema["x-outcomes"]) == {o.value for o in Outcome}


def test_the_protocol_document_holds_the_outcome_table() -> None:
    document = (Path(__file__).parents[3] / "broker/protocol/PROTOCOL.md").read_text()
    for code, meaning in MEANINGS.items():
        delivered = "yes" if meaning.value_delivered else "no"
        assert f"| `{code.value}` | {meaning.sentence} | {meaning.next_step} | {delivered} | {meaning.retry} |" in document

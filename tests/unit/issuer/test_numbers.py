"""Card numbers and the vault."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from broker.core.card_number import Cvv, Pan
from broker.core.state_files import DamagedFileError
from broker.issuer.cards.numbers import BIN, is_surrogate, new_number
from broker.issuer.cards.vault import CardVault
from broker.issuer.keys import KeyFolder, secret_file
from broker.issuer.surrogates.numbers import new_surrogate, other_code


@given(st.binary(min_size=16, max_size=16))
def test_every_issued_number_is_of_the_issued_range(random: bytes) -> None:
    pan = new_number(lambda size: random[:size])
    assert len(pan.reveal()) == 16
    assert pan.reveal().startswith(BIN)
    assert pan.reveal()[6] in "012345678"
    assert not is_surrogate(pan)


def test_the_reserved_range_is_recognised() -> None:
    body = BIN + "900000000"
    assert is_surrogate(Pan(body + luhn.calc_check_digit(body)))


def test_a_number_opens_in_its_own_row_only(tmp_path: Path) -> None:
    vault, pan = CardVault(KeyFolder(tmp_path)), new_number(secrets.token_bytes)
    locked = vault.lock("card_a", pan)
    assert vault.unlock("card_a", locked.kek_version, locked.wrapped_key, locked.ciphertext) == pan
    with pytest.raises(InvalidTag):
        vault.unlock("card_b", locked.kek_version, locked.wrapped_key, locked.ciphertext)
    assert pan.reveal().encode() not in locked.ciphertext + locked.wrapped_key + locked.index


def test_a_new_key_version_is_used_for_new_cards_and_old_ones_still_open(tmp_path: Path) -> None:
    pan = new_number(secrets.token_bytes)
    old = CardVault(KeyFolder(tmp_path)).lock("card_a", pan)
    secret_file(tmp_path / "kek-2.key")
    vault = CardVault(KeyFolder(tmp_path))
    assert vault.lock("card_b", pan).kek_version == 2
    assert vault.unlock("card_a", old.kek_version, old.wrapped_key, old.ciphertext) == pan


def test_the_security_code_is_derived_and_depends_on_the_expiry(tmp_path: Path) -> None:
    vault, pan = CardVault(KeyFolder(tmp_path)), new_number(secrets.token_bytes)
    assert vault.security_code(pan, 1, 2030) == vault.security_code(pan, 1, 2030)
    assert len({vault.security_code(pan, month, 2030).reveal() for month in range(1, 13)}) > 1
    other = CardVault(KeyFolder(tmp_path / "other"))
    assert len({v.security_code(pan, m, 2030).reveal() for v in (vault, other) for m in range(1, 13)}) > 12
    assert vault.index(pan) != other.index(pan)


def test_short_lived_secrets_are_bound_to_their_purpose(tmp_path: Path) -> None:
    vault = CardVault(KeyFolder(tmp_path))
    hidden = vault.conceal("one", b"secret")
    assert vault.disclose("one", hidden) == b"secret"
    with pytest.raises(InvalidTag):
        vault.disclose("two", hidden)


def test_a_damaged_key_file_is_named_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "kek-1.key"
    file.write_bytes(b"short")
    with pytest.raises(DamagedFileError, match=r"kek-1\.key is damaged"):
        secret_file(file)
    assert file.read_bytes() == b"short"


RANDOM = st.binary(min_size=16, max_size=16)
LAST4 = st.from_regex(r"[0-9]{4}", fullmatch=True)


@given(LAST4, RANDOM)
def test_a_stand_in_looks_like_its_card_and_is_of_the_range_that_is_never_issued(last4: str, random: bytes) -> None:
    number = new_surrogate(last4, lambda size: random[:size])
    assert (number[:6], number[-4:], len(number)) == (BIN, last4, 16)
    assert luhn.is_valid(number)
    assert is_surrogate(Pan(number))


@given(RANDOM, RANDOM)
def test_no_issued_number_is_a_stand_in_not_even_its_own_cards(issued: bytes, drawn: bytes) -> None:
    pan = new_number(lambda size: issued[:size])
    number = new_surrogate(pan.last4, lambda size: drawn[:size])
    assert not is_surrogate(pan)
    assert pan != Pan(number)


def test_there_are_ten_thousand_stand_ins_for_each_last_four() -> None:
    drawn = {new_surrogate("4242", lambda size, n=n: n.to_bytes(size, "big")) for n in range(10_000)}
    assert len(drawn) == 10_000


@given(st.integers(0, 999), RANDOM)
def test_a_stand_ins_code_is_never_the_cards(real: int, random: bytes) -> None:
    code = other_code(Cvv(f"{real:03d}"), lambda size: random[:size])
    assert len(code) == 3
    assert code.isdecimal()
    assert int(code) != real


def test_every_other_code_can_be_drawn() -> None:
    drawn = {other_code(Cvv("500"), lambda size, n=n: n.to_bytes(size, "big")) for n in range(999)}
    assert len(drawn) == 999

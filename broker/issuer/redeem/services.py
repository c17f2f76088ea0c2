"""Redeem: verify, burn the token, open one window, keep the decision; all in one write job, sealed after its commit."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any

from broker.core.errors import LedgerError
from broker.core.text import plain_text
from broker.issuer.cards.numbers import BRAND
from broker.issuer.context import Context
from broker.issuer.redeem.attempt import Attempt
from broker.issuer.redeem.burning import Burnt
from broker.issuer.redeem.checks import TokenRow
from broker.issuer.redeem.signatures import PublicKeys, examine
from broker.issuer.surrogates.numbers import other_code
from broker.protocol.issuer_api import Redeem
from broker.protocol.sealing import card_plaintext, seal_plaintext
from broker.storage import Transaction


def redeem(context: Context, keys: PublicKeys, broker_id: str, body: Redeem) -> Awaitable[dict[str, Any]]:
    """Spend a token under a decision: a `Redeemed`. Nothing is sealed unless the burn and its events are on disk."""
    return context.db.write_in_steps(Redemption(context, keys, broker_id, body))


class Redemption:
    """Signatures, then the write job, then the seal."""

    def __init__(self, context: Context, keys: PublicKeys, broker_id: str, body: Redeem) -> None:
        self._context = context
        self._keys = keys
        self._broker_id = broker_id
        self._body = body

    def prepare(self) -> None:
        """Check the signatures."""
        signed = self._body.signed
        self._canonical = signed.decision.canonical()
        self._evidence = examine(self._keys, signed, self._canonical)

    def run(self, tx: Transaction) -> None:
        """Spend the token, or leave the event of a refusal."""
        self._outcome = Attempt(tx.raw, self._context, self._broker_id, self._body, self._evidence, self._canonical).run()

    def finish(self) -> dict[str, Any]:
        """Seal, or refuse."""
        if isinstance(self._outcome, LedgerError):
            raise self._outcome
        return _released(self._context, self._outcome, self._evidence.digest)


def _released(context: Context, burnt: Burnt, digest: bytes) -> dict[str, Any]:
    """The `Redeemed` as its JSON members: all of them are LedgerOS's own, and a model would check them again."""
    token, vault = burnt.token, context.vault
    pan = vault.unlock(token.card_id, token.kek_version, token.wrapped_key, token.number_ciphertext)
    cvv = vault.security_code(pan, token.expiration_month, token.expiration_year)
    billing = None if burnt.billing is None else json.loads(burnt.billing)
    plaintext = card_plaintext(pan, cvv, token.expiration_month, token.expiration_year, token.cardholder, BRAND, billing)
    window = {"id": burnt.window_id, "maxAmount": burnt.window_amount, "currency": token.currency, "expiresAt": burnt.window_ends}
    sealed = seal_plaintext(plaintext, burnt.sealing_key, digest, token.card_id)
    answer = {"accessEventId": token.event_id, "sealed": sealed, "window": window}
    if burnt.stand_in is not None:
        answer["surrogate"] = _stand_in(burnt.stand_in, other_code(cvv, context.randomness), token, billing)
    return answer


def _stand_in(number: str, code: str, token: TokenRow, billing: dict[str, Any] | None) -> dict[str, Any]:
    """A `SurrogateCard` as its JSON members."""
    return {
        "surrogate": {"number": number, "securityCode": code}, "expirationMonth": token.expiration_month,
        "expirationYear": token.expiration_year, "cardholderName": plain_text(token.cardholder, 100), "billing": billing,
    }  # fmt: skip

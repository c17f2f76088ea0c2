"""Redeem: verify, burn the token, open one window, keep the decision; all in one write job, sealed after its commit."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from broker.core.canonical import b64u, unb64u
from broker.core.clock import MINUTE_MS
from broker.core.errors import LedgerError
from broker.core.ids import secret_hash
from broker.core.logs import mask_numbers
from broker.core.text import plain_text
from broker.issuer.brokers.services import NOT_ENROLLED
from broker.issuer.cards.numbers import BRAND
from broker.issuer.context import Context
from broker.issuer.events.services import record_raw
from broker.issuer.redeem import checks
from broker.issuer.redeem.approval import Attested, passkey_reason
from broker.issuer.redeem.checks import Standing, TokenRow
from broker.issuer.redeem.lookup import find_attempt, organisation_of, remaining
from broker.issuer.redeem.signatures import Evidence, PublicKeys, examine
from broker.protocol.issuer_api import Redeem, Redeemed, ReportOutcome, Window
from broker.protocol.outcomes import Outcome
from broker.protocol.sealing import Credentials, seal
from broker.storage import Transaction


@dataclass(frozen=True, slots=True)
class _Burnt:
    """What the commit left to do: seal this card to this key."""

    token: TokenRow
    sealing_key: bytes
    window: Window


async def redeem(context: Context, keys: PublicKeys, broker_id: str, body: Redeem) -> Redeemed:
    """Spend a token under a decision. Nothing is sealed unless the burn and its events are on disk."""
    evidence = examine(keys, body.signed)
    burnt = await context.write(lambda tx: _Attempt(tx.raw, context, broker_id, body, evidence).run())
    token = burnt.token
    pan = context.vault.unlock(token.card_id, token.kek_version, token.wrapped_key, token.number_ciphertext)
    credentials = Credentials(
        pan=pan, cvv=context.vault.security_code(pan, token.expiration_month, token.expiration_year),
        expiration_month=token.expiration_month, expiration_year=token.expiration_year, cardholder_name=token.cardholder, brand=BRAND,
    )  # fmt: skip
    sealed = seal(credentials, burnt.sealing_key, evidence.digest, token.card_id)
    return Redeemed(access_event_id=token.event_id, sealed=sealed, window=burnt.window)


class _Attempt:
    """One redeem inside its write job."""

    def __init__(self, raw: sqlite3.Connection, context: Context, broker_id: str, body: Redeem, evidence: Evidence) -> None:
        self.raw = raw
        self.context = context
        self.broker_id = broker_id
        self.signed = body.signed
        self.decision = body.signed.decision
        self.evidence = evidence
        self.token_hash = secret_hash(body.token)
        self.facts_hash = _hash_bytes(self.decision.facts_hash)
        self.now = context.now()

    def run(self) -> _Burnt | LedgerError:
        org_id = organisation_of(self.raw, self.broker_id)
        if org_id is None:
            return self._refuse(None, None, LedgerError(*NOT_ENROLLED))
        found = find_attempt(self.raw, self.token_hash, self.broker_id, self.facts_hash, self.decision)
        if found is None or found[0].org_id != org_id:
            unknown = LedgerError(404, "invalid_token", "LedgerOS does not know this token.", "Ask for new card details.")
            return self._refuse(org_id, None, unknown)
        token, standing = found
        refusal = (
            checks.token_refusal(token, self.broker_id, self.now)
            or self._device_refusal(token, standing)
            or self._decision_refusal(token, standing)
        )
        return self._burn(token, standing) if refusal is None else self._refuse(org_id, token, refusal)

    def _device_refusal(self, token: TokenRow, standing: Standing) -> LedgerError | None:
        if standing.device_org != token.org_id:
            return LedgerError(403, "device_not_enrolled", "This browser is not enrolled.", "Enrol it with a code from the dashboard.")
        if not self.evidence.device_signed:
            hint = "Approve again; if it stays, enrol again."
            return LedgerError(403, "bad_signature", "The decision is not signed by the browser it names.", hint)
        return None

    def _decision_refusal(self, token: TokenRow, standing: Standing) -> LedgerError | None:
        decision, settings = self.decision, self.context.settings
        refusal = (
            checks.binding_refusal(decision, token, self.token_hash, self.broker_id, standing.sealing_key_id)
            or checks.time_refusal(decision, token, settings, self.now)
            or checks.standing_refusal(standing)
        )
        if refusal is not None:
            return refusal
        attested = self._attested(token, standing)
        return checks.content_refusal(decision, attested, remaining(self.raw, token, self.now)) or self._passkey_refusal(attested)

    def _attested(self, token: TokenRow, standing: Standing) -> Attested:
        approval = token.approval if token.approval in ("step-up", "click") else "passkey"  # an unknown setting is the strictest
        return Attested(
            approval,  # type: ignore[arg-type]
            token.step_up_above,
            token.expected_amount,
            token.origin,
            bool(standing.origin_linked),
            self.context.settings.amount_tolerance_basis_points,
        )

    def _passkey_refusal(self, attested: Attested) -> LedgerError | None:
        why = passkey_reason(self.decision, attested)
        if self.evidence.passkey_offered and self.evidence.passkey_id is None:
            return LedgerError(403, "bad_passkey", "The passkey's signature does not verify.", "Approve again with an enrolled passkey.")
        if why is not None and self.evidence.passkey_id is None:
            return LedgerError(
                403, "passkey_required", f"This approval needs a passkey: {why}.", "Enrol a passkey in the extension's options page."
            )
        return None if self.evidence.passkey_id is None else self._count_passkey(self.evidence.passkey_id)

    def _count_passkey(self, passkey_id: str) -> LedgerError | None:
        """Move the signature counter on; a clone of the authenticator falls behind and is refused."""
        count = self.evidence.sign_count
        advance = (
            "UPDATE passkeys SET sign_count = ? WHERE id = ? AND revoked_at IS NULL"
            " AND (sign_count < ? OR (sign_count = 0 AND ? = 0)) RETURNING id"
        )
        if self.raw.execute(advance, (count, passkey_id, count, count)).fetchone():
            return None
        return LedgerError(403, "bad_passkey", "The passkey's signature was used before.", "Approve again with an enrolled passkey.")

    def _burn(self, token: TokenRow, standing: Standing) -> _Burnt | LedgerError:
        burn = (
            "UPDATE access_events SET status = 'consumed', consumed_at = ?, redeemed_by = ? WHERE id = ? AND status = 'granted'"
            " RETURNING id"
        )
        if self.raw.execute(burn, (self.now, self.broker_id, token.event_id)).fetchone() is None:
            error = LedgerError(410, "already_used", "The token was used before; an alarm was raised.", "Tell the person.")
            return self._refuse(token.org_id, token, error)
        settings = self.context.settings
        window = Window(
            id=self.context.ids.new("win"), max_amount=checks.window_amount(self.decision, settings), currency=token.currency,
            expires_at=self.now + settings.window_minutes * MINUTE_MS,
        )  # fmt: skip
        self._keep(token, window)
        self._record(token, window)
        return _Burnt(token, standing.sealing_key, window)

    def _keep(self, token: TokenRow, window: Window) -> None:
        raw, decision, origin = self.raw, self.decision, self.decision.seen.origin
        raw.execute(
            "INSERT INTO windows (id, org_id, access_event_id, card_id, max_amount, currency, origin, opened_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                window.id,
                token.org_id,
                token.event_id,
                token.card_id,
                window.max_amount,
                window.currency,
                origin,
                self.now,
                window.expires_at,
            ),
        )
        raw.execute(
            "INSERT INTO decisions (access_event_id, org_id, release_id, broker_id, device_id, passkey_id, digest, signed,"
            " facts_hash, nonce, approval, redeemed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                token.event_id, token.org_id, decision.release_id, self.broker_id, decision.device_id, self.evidence.passkey_id,
                self.evidence.digest, self.signed.model_dump_json(by_alias=True), self.facts_hash, decision.nonce,
                token.approval, self.now,
            ),
        )  # fmt: skip
        raw.execute(
            "INSERT OR IGNORE INTO merchant_links (org_id, merchant_key, origin, linked_at) VALUES (?, ?, ?, ?)",
            (token.org_id, token.merchant_key, origin, self.now),
        )

    def _record(self, token: TokenRow, window: Window) -> None:
        decision = self.decision
        approved = {
            "release": decision.release_id, "accessEvent": token.event_id, "card": token.card_id, "agent": token.agent_id,
            "device": decision.device_id, "passkey": self.evidence.passkey_id, "decision": b64u(self.evidence.digest),
            "origin": decision.seen.origin, "maxAmount": decision.max_amount, "currency": decision.currency, "mode": decision.mode,
            "mismatches": list(decision.mismatches) or None, "decidedAt": decision.decided_at,
        }  # fmt: skip
        record_raw(self.raw, self.now, "person:release:approved", token.org_id, approved)
        redeemed = {
            "release": decision.release_id, "accessEvent": token.event_id, "card": token.card_id, "broker": self.broker_id,
            "window": window.id, "windowAmount": window.max_amount, "windowExpiresAt": window.expires_at,
        }  # fmt: skip
        record_raw(self.raw, self.now, "broker:token:redeemed", token.org_id, redeemed)

    def _refuse(self, org_id: str | None, token: TokenRow | None, error: LedgerError) -> LedgerError:
        facts = {"broker": self.broker_id, "release": self.decision.release_id, "reason": error.code, "at": "redeem"}
        if token is not None:
            facts |= {"accessEvent": token.event_id, "card": token.card_id, "agent": token.agent_id}
        if token is not None and error.code == "already_used":
            alarm = {**facts, "firstBroker": token.redeemed_by}
            record_raw(self.raw, self.now, "alarm:token:replayed", org_id, alarm)
        elif error.code == "wrong_broker" and token is not None:
            record_raw(self.raw, self.now, "alarm:token:stolen", org_id, {**facts, "boundBroker": token.bound_broker})
        else:
            record_raw(self.raw, self.now, "broker:token:refused", org_id, facts)
        return error


def _hash_bytes(text: str) -> bytes:
    try:
        return unb64u(text)
    except ValueError:
        return b""  # the hash of nothing that was issued


async def report_outcome(context: Context, broker_id: str, body: ReportOutcome) -> None:
    """Keep how a release ended: once for a redeemed one; a denial takes the token's validity with it."""
    now = context.now()
    fields = [mask_numbers(plain_text(field, 40)) for field in body.fields[:20]]

    def job(tx: Transaction) -> LedgerError | None:
        org_id = organisation_of(tx.raw, broker_id)
        if org_id is None:
            return LedgerError(*NOT_ENROLLED)
        query = "SELECT status FROM access_events WHERE id = ? AND org_id = ? AND bound_broker = ?"
        if tx.raw.execute(query, (body.access_event_id, org_id, broker_id)).fetchone() is None:
            return LedgerError(404, "access_event_not_found", "There is no such release of this broker.", "Check the id.")
        if not _keep_outcome(tx.raw, body, broker_id, fields, now):
            return None
        facts = {
            "broker": broker_id, "release": body.release_id, "accessEvent": body.access_event_id, "outcome": body.outcome.value,
            "fields": fields,
        }  # fmt: skip
        record_raw(tx.raw, now, "broker:release:reported", org_id, facts)
        return None

    await context.write(job)


def _keep_outcome(raw: sqlite3.Connection, body: ReportOutcome, broker_id: str, fields: list[str], now: int) -> bool:
    """Whether this report is news."""
    if body.outcome is Outcome.DENIED:
        deny = "UPDATE access_events SET status = 'denied', denied_reason = 'denied_by_person' WHERE id = ? AND status = 'granted'"
        raw.execute(deny, (body.access_event_id,))
    decided = "SELECT outcome FROM decisions WHERE access_event_id = ? AND broker_id = ?"
    row = raw.execute(decided, (body.access_event_id, broker_id)).fetchone()
    if row is None:
        return True
    keep = "UPDATE decisions SET outcome = ?, outcome_fields = ?, outcome_at = ? WHERE access_event_id = ? AND outcome IS NULL RETURNING 1"
    return raw.execute(keep, (body.outcome.value, json.dumps(fields), now, body.access_event_id)).fetchone() is not None

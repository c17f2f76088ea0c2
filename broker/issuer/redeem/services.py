"""Redeem: verify, burn the token, open one window, keep the decision; all in one write job, sealed after its commit."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace

from broker.core.canonical import b64u, unb64u
from broker.core.clock import MINUTE_MS
from broker.core.errors import LedgerError
from broker.core.ids import secret_hash
from broker.issuer.brokers.services import NOT_ENROLLED
from broker.issuer.cards.numbers import BRAND
from broker.issuer.context import Context
from broker.issuer.events.services import record_pair, record_raw
from broker.issuer.redeem import alarms, checks, on_intent
from broker.issuer.redeem.approval import Attested, passkey_reason
from broker.issuer.redeem.by_grant import still_in_force, use_grant
from broker.issuer.redeem.checks import Standing, TokenRow
from broker.issuer.redeem.lookup import find_attempt, organisation_of, remaining
from broker.issuer.redeem.passkeys import advance
from broker.issuer.redeem.signatures import Evidence, PublicKeys, examine
from broker.protocol.grants import Grant
from broker.protocol.issuer_api import Redeem, Redeemed, Window
from broker.protocol.sealing import Credentials, seal


@dataclass(frozen=True, slots=True)
class _Burnt:
    """What the commit left to do: seal this card to this key."""

    token: TokenRow
    sealing_key: bytes
    window: Window


async def redeem(context: Context, keys: PublicKeys, broker_id: str, body: Redeem) -> Redeemed:
    """Spend a token under a decision. Nothing is sealed unless the burn and its events are on disk."""
    evidence = examine(keys, body.signed)
    burnt = await context.write_unguarded(lambda tx: _Attempt(tx.raw, context, broker_id, body, evidence).run())
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
        self.grant: Grant | None = None
        self.prior: on_intent.Prior | None = None

    def run(self) -> _Burnt | LedgerError:
        found = find_attempt(self.raw, self.token_hash, self.broker_id, self.facts_hash, self.decision)
        org_id = found[1].broker_org if found is not None else organisation_of(self.raw, self.broker_id)
        if found is not None and found[0].org_id != org_id:
            alarms.strayed(self.raw, self.now, found[0], self.broker_id, "redeem")
            found = None
        if org_id is None:
            return self._refuse(None, None, LedgerError(*NOT_ENROLLED))
        if found is None:
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
        decision = self.decision
        binding = checks.binding_refusal(decision, token, self.token_hash, self.broker_id, standing.sealing_key_id)
        if binding is not None:
            return binding
        attested = self._attested(token, standing)
        if decision.intent_id is None:
            refusal = checks.time_refusal(decision, token, self.context.settings, self.now) or checks.standing_refusal(standing)
        else:
            intent = on_intent.find_intent(self.raw, decision, self.broker_id, self.facts_hash)
            refusal = self._intent_refusal(token, intent)
            attested = replace(attested, expected_amount=intent and intent.expected_amount)
        return (
            refusal
            or checks.content_refusal(decision, attested, remaining(self.raw, token, self.now))
            or self._proof_refusal(token, attested)
        )

    def _intent_refusal(self, token: TokenRow, intent: on_intent.IntentRow | None) -> LedgerError | None:
        refusal = on_intent.standing_refusal(intent, self.now)
        if refusal is not None or intent is None:
            return refusal
        self.prior = on_intent.find_prior(self.raw, token.org_id, self.decision)
        return checks.intent_time_refusal(self.decision, intent.expires_at, self.context.settings, self.now) or (
            None if self.prior is None else on_intent.retry_refusal(self.prior, self.evidence.digest)
        )

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

    def _proof_refusal(self, token: TokenRow, attested: Attested) -> LedgerError | None:
        """Whether a person (click, passkey) or a standing rule stands behind the decision."""
        if self.decision.grant_id is not None:
            return self._grant_refusal(token, self.decision.grant_id, attested)
        why = passkey_reason(self.decision, attested)
        # A further token under the same decision: its passkey was verified, and counted, over the same digest.
        proven = self.evidence.passkey_id if self.prior is None else self.prior.passkey_id
        if self.prior is None and self.evidence.passkey_offered and proven is None:
            return LedgerError(403, "bad_passkey", "The passkey's signature does not verify.", "Approve again with an enrolled passkey.")
        if why is not None and proven is None:
            return LedgerError(
                403, "passkey_required", f"This approval needs a passkey: {why}.", "Enrol a passkey in the extension's options page."
            )
        return None if proven is None or self.prior is not None else advance(self.raw, proven, self.evidence.sign_count)

    def _grant_refusal(self, token: TokenRow, grant_id: str, attested: Attested) -> LedgerError | None:
        if self.evidence.passkey_offered:
            hint = "Approve it in person, or by the rule."
            return LedgerError(403, "decision_mismatch", "The decision names a standing rule and carries a passkey's signature too.", hint)
        if self.prior is None:
            found = use_grant(self.raw, token.org_id, self.decision, attested, self.now)
        else:
            found = still_in_force(self.raw, token.org_id, grant_id, self.now)
        if isinstance(found, LedgerError):
            return found
        self.grant = found
        return None

    def _burn(self, token: TokenRow, standing: Standing) -> _Burnt | LedgerError:
        burn = (
            "UPDATE access_events SET status = 'consumed', consumed_at = ?, redeemed_by = ?, bound_broker = ?"
            " WHERE id = ? AND status = 'granted' RETURNING id"
        )
        if self.raw.execute(burn, (self.now, self.broker_id, self.broker_id, token.event_id)).fetchone() is None:
            error = LedgerError(410, "already_used", "The token was used before; an alarm was raised.", "Tell the person.")
            return self._refuse(token.org_id, token, error)
        settings = self.context.settings
        window = Window(
            id=self.context.ids.new("win"), max_amount=checks.window_amount(self.decision, settings, self.grant), currency=token.currency,
            expires_at=self.now + settings.window_minutes * MINUTE_MS,
        )  # fmt: skip
        self._keep(token, standing, window)
        self._record(token, window)
        return _Burnt(token, standing.sealing_key, window)

    def _keep(self, token: TokenRow, standing: Standing, window: Window) -> None:
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
        if self.prior is not None:
            on_intent.renew(raw, token.org_id, decision, self.prior, token.event_id, self.now)
            return
        raw.execute(
            "INSERT INTO decisions (access_event_id, org_id, release_id, broker_id, device_id, passkey_id, digest, signed,"
            " facts_hash, nonce, approval, redeemed_at, intent_id, grant_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                token.event_id, token.org_id, decision.release_id, self.broker_id, decision.device_id, self.evidence.passkey_id,
                self.evidence.digest, self.signed.model_dump_json(by_alias=True), self.facts_hash, decision.nonce,
                token.approval, self.now, decision.intent_id, decision.grant_id,
            ),
        )  # fmt: skip
        if decision.intent_id is not None:
            approve = "UPDATE intents SET status = 'pending', decided_at = ? WHERE id = ? AND status = 'pending_approval'"
            raw.execute(approve, (self.now, decision.intent_id))
        if self.grant is None and not standing.origin_linked:  # only a person's approval links a merchant's words to an origin
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
            "mismatches": list(decision.mismatches) or None, "decidedAt": decision.decided_at, "intent": decision.intent_id,
            "grant": decision.grant_id,
        }  # fmt: skip
        redeemed = {
            "release": decision.release_id, "accessEvent": token.event_id, "card": token.card_id, "broker": self.broker_id,
            "window": window.id, "windowAmount": window.max_amount, "windowExpiresAt": window.expires_at,
            "attempt": None if self.prior is None else self.prior.redeems + 1,
        }  # fmt: skip
        if self.prior is not None:
            record_raw(self.raw, self.now, "broker:token:redeemed", token.org_id, redeemed)
            return
        who = "person" if self.grant is None else "grant"
        record_pair(self.raw, self.now, token.org_id, (f"{who}:release:approved", approved), ("broker:token:redeemed", redeemed))

    def _refuse(self, org_id: str | None, token: TokenRow | None, error: LedgerError) -> LedgerError:
        facts = {"broker": self.broker_id, "release": self.decision.release_id, "reason": error.code, "at": "redeem"}
        if token is not None:
            facts |= {"accessEvent": token.event_id, "card": token.card_id, "agent": token.agent_id}
        if token is not None and error.code == "already_used":
            alarms.replayed(self.raw, self.now, token, facts)
        elif error.code == "wrong_broker" and token is not None:
            alarms.stolen(self.raw, self.now, token, facts)
        else:
            record_raw(self.raw, self.now, "broker:token:refused", org_id, facts)
        return error


def _hash_bytes(text: str) -> bytes:
    try:
        return unb64u(text)
    except ValueError:
        return b""  # the hash of nothing that was issued

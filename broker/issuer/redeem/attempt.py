"""One attempt to spend a token, inside its write job: what is known of it, what refuses it, what its success leaves."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from broker.core.canonical import unb64u
from broker.core.errors import LedgerError
from broker.core.ids import secret_hash
from broker.issuer.brokers.egress_keys import find_egress_key
from broker.issuer.brokers.services import NOT_ENROLLED
from broker.issuer.context import Context
from broker.issuer.events.services import record_raw
from broker.issuer.redeem import alarms, checks, on_intent
from broker.issuer.redeem.approval import Attested, passkey_reason
from broker.issuer.redeem.burning import Burnt, Proven, burn
from broker.issuer.redeem.by_grant import still_in_force, use_grant
from broker.issuer.redeem.checks import Standing, TokenRow
from broker.issuer.redeem.lookup import find_attempt, organisation_of
from broker.issuer.redeem.passkeys import advance
from broker.issuer.redeem.signatures import Evidence
from broker.issuer.surrogates import services as surrogates
from broker.protocol.grants import Grant
from broker.protocol.issuer_api import Redeem


class Attempt:
    """One redeem inside its write job."""

    def __init__(
        self, raw: sqlite3.Connection, context: Context, broker_id: str, body: Redeem, evidence: Evidence, canonical: bytes
    ) -> None:
        self.raw = raw
        self.context = context
        self.broker_id = broker_id
        self.signed = body.signed
        self.decision = body.signed.decision
        self.evidence = evidence
        self.canonical = canonical
        self.token_hash = secret_hash(body.token)
        self.facts_hash = _hash_bytes(self.decision.facts_hash)
        self.now = context.now()
        self.grant: Grant | None = None
        self.prior: on_intent.Prior | None = None
        self.stand_in: str | None = None

    def run(self) -> Burnt | LedgerError:
        """Spend the token, or leave the event of a refusal and answer it."""
        found = find_attempt(self.raw, self.token_hash, self.broker_id, self.facts_hash, self.decision, self.evidence.passkey_id, self.now)
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
        if self.decision.mode == "surrogate":
            standing = self._sealed_to_egress(token, standing)
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
        if not standing.sealing_key:
            hint = "Enrol it on the broker's machine: ledgeros egress enrol, with a code from the dashboard."
            return LedgerError(403, "egress_not_enrolled", "The egress that the decision names is not enrolled for this broker.", hint)
        return None

    def _sealed_to_egress(self, token: TokenRow, standing: Standing) -> Standing:
        name = self.decision.recipient_key_id
        key = find_egress_key(self.raw, token.org_id, self.broker_id, name)
        return standing._replace(sealing_key=key or b"", sealing_key_id=name)

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
        # The proof comes last: it counts the passkey and the rule's use, and a refusal is committed with its event.
        return (
            refusal
            or checks.content_refusal(decision, token, attested)
            or self._draw(token)
            or self._proof_refusal(token, standing, attested)
        )

    def _draw(self, token: TokenRow) -> LedgerError | None:
        """What the page is to hold in surrogate mode; refuses when every stand-in is held."""
        if self.decision.mode == "direct":
            return None
        drawn = surrogates.draw(self.raw, self.context.randomness, token.last4, self.now)
        if isinstance(drawn, LedgerError):
            return drawn
        self.stand_in = drawn
        return None

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

    def _proof_refusal(self, token: TokenRow, standing: Standing, attested: Attested) -> LedgerError | None:
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
        if proven is None or self.prior is not None or (self.evidence.sign_count == 0 and standing.passkey_idle):
            return None
        return advance(self.raw, proven, self.evidence.sign_count)

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

    def _burn(self, token: TokenRow, standing: Standing) -> Burnt | LedgerError:
        window_amount = checks.window_amount(self.decision, self.context.settings, self.grant)
        proven = Proven(
            self.broker_id, self.signed, self.canonical, self.evidence, self.facts_hash, token, standing, self.grant, self.prior,
            window_amount, self.stand_in,
        )  # fmt: skip
        burnt = burn(self.raw, self.context, proven, self.now)
        if burnt is not None:
            return burnt
        error = LedgerError(410, "already_used", "The token was used before; an alarm was raised.", "Tell the person.")
        return self._refuse(token.org_id, token, error)

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

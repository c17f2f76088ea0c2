"""What a person does from the extension about a card, an agent or a rule.

Restricting needs the device's signature; loosening needs the passkey too, unless the organisation's
approval setting is ``click``. Each nonce works once.
"""

from __future__ import annotations

from sqlalchemy import insert, select

from broker.core.errors import LedgerError
from broker.issuer.agents.services import set_status as set_agent_status
from broker.issuer.auth import Actor
from broker.issuer.brokers.services import NOT_ENROLLED
from broker.issuer.cards.services import set_status_now as set_card_status
from broker.issuer.context import Context
from broker.issuer.events.services import record
from broker.issuer.grants.services import revoke_now, signer_refusal
from broker.issuer.grants.tables import actions
from broker.issuer.organisations.services import get_organisation
from broker.issuer.redeem.lookup import organisation_of
from broker.issuer.redeem.passkeys import advance
from broker.issuer.redeem.signatures import Evidence, PublicKeys, prove
from broker.protocol.grants import Action, SignedAction
from broker.storage import Transaction

_LOOSENING = frozenset({"unfreeze_card", "resume_agent"})


async def act(context: Context, keys: PublicKeys, broker_id: str, body: SignedAction) -> None:
    """Verify an action and do it, in one transaction with its nonce and its events."""
    action, now = body.action, context.now()
    evidence = prove(keys, action.device_id, action.digest(), body.device_signature, body.passkey)

    def job(tx: Transaction) -> LedgerError | None:
        org_id = organisation_of(tx.raw, broker_id)
        if org_id is None:
            return LedgerError(*NOT_ENROLLED)
        refusal = (
            signer_refusal(tx.raw, org_id, action.device_id, evidence)
            or _freshness_refusal(tx, context, action, now)
            or _passkey_refusal(tx, org_id, action, evidence)
            or _do(tx, action, org_id, now)
        )
        if refusal is not None:
            facts = {"broker": broker_id, "device": action.device_id, "kind": action.kind, "reason": refusal.code}
            record(tx, now, "device:action:refused", org_id, **facts)
            return refusal
        row = {
            "device_id": action.device_id, "nonce": action.nonce, "org_id": org_id,
            "signed": body.model_dump_json(by_alias=True), "at": now,
        }  # fmt: skip
        tx.sql.execute(insert(actions).values(**row))
        return None

    await context.write(job)


def _freshness_refusal(tx: Transaction, context: Context, action: Action, now: int) -> LedgerError | None:
    if abs(action.at - now) > context.settings.clock_skew_seconds * 1000:
        return LedgerError(
            403, "clock_skew", "The action's time does not fit; the browser's clock may be off.", "Set its clock, try again."
        )
    used = select(actions.c.at).where(actions.c.device_id == action.device_id, actions.c.nonce == action.nonce)
    if tx.sql.execute(used).first() is not None:
        return LedgerError(409, "action_replayed", "This action was done before.", "Do it again from the extension.")
    return None


def _passkey_refusal(tx: Transaction, org_id: str, action: Action, evidence: Evidence) -> LedgerError | None:
    if evidence.passkey_id is not None:
        return advance(tx.raw, evidence.passkey_id, evidence.sign_count)
    if evidence.passkey_offered:
        return LedgerError(403, "bad_passkey", "The passkey's signature does not verify.", "Sign again with an enrolled passkey.")
    if action.kind not in _LOOSENING or get_organisation(tx.sql, org_id).approval == "click":
        return None
    return LedgerError(403, "passkey_required", "This needs a passkey: it loosens a limit.", "Confirm with an enrolled passkey.")


def _do(tx: Transaction, action: Action, org_id: str, now: int) -> LedgerError | None:
    actor = Actor("person", action.device_id)
    match action.kind:
        case "freeze_card" | "unfreeze_card":
            verb = action.kind.removesuffix("_card")
            done = set_card_status(tx, actor, org_id, action.subject, verb, now)
            return done if isinstance(done, LedgerError) else None
        case "pause_agent" | "resume_agent":
            status = "suspended" if action.kind == "pause_agent" else "active"
            return set_agent_status(tx, actor, org_id, action.subject, status, now)
        case "revoke_grant":
            return revoke_now(tx, actor, action.subject, now, org_id)

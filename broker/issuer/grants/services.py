"""Make, list and revoke grants."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import Connection, insert, select, update

from broker.core.canonical import b64u
from broker.core.clock import DAY_MS
from broker.core.errors import LedgerError
from broker.core.origin import parse_origin
from broker.issuer.agents.tables import agents
from broker.issuer.auth import Actor
from broker.issuer.brokers.services import NOT_ENROLLED
from broker.issuer.context import Context
from broker.issuer.events.services import record
from broker.issuer.grants.tables import grants
from broker.issuer.grants.uses import MOST_ACTIVE, in_force, state_of
from broker.issuer.redeem.lookup import organisation_of
from broker.issuer.redeem.passkeys import advance
from broker.issuer.redeem.signatures import Evidence, PublicKeys, device_organisation, prove
from broker.issuer.transactions.spend import raw_of
from broker.policy.grants import describe
from broker.protocol.grants import Grant, GrantState, SignedGrant
from broker.protocol.issuer_api import Grants
from broker.storage import Transaction

LONGEST_DAYS = 366
_MOST_LISTED = 50  # a whole list is one message of the channel
_LISTED = "SELECT g.signed, g.used_total, g.last_used_at, g.revoked_at FROM grants g"


async def make_grant(context: Context, keys: PublicKeys, broker_id: str, body: SignedGrant) -> GrantState:
    """Keep a new standing rule, after its signatures, its agent and its bounds were checked."""
    grant, now = body.grant, context.now()
    evidence = prove(keys, grant.device_id, grant.digest(), body.device_signature, body.passkey)

    def job(tx: Transaction) -> GrantState | LedgerError:
        org_id = organisation_of(tx.raw, broker_id)
        if org_id is None:
            return LedgerError(*NOT_ENROLLED)
        refusal = (
            signer_refusal(tx.raw, org_id, grant.device_id, evidence)
            or _bounds_refusal(context, grant, now)
            or _agent_refusal(tx, org_id, grant, now)
            or _passkey_refusal(tx.raw, evidence)
        )
        if refusal is not None:
            record(tx, now, "device:grant:refused", org_id, broker=broker_id, device=grant.device_id, reason=refusal.code)
            return refusal
        return _keep(tx, body, org_id, broker_id, evidence, now)

    return await context.write(job)


def signer_refusal(raw: sqlite3.Connection, org_id: str, device_id: str, evidence: Evidence) -> LedgerError | None:
    """Whether an enrolled browser of the organisation signed."""
    if device_organisation(raw, device_id) != org_id:
        return LedgerError(403, "device_not_enrolled", "This browser is not enrolled.", "Enrol it with a code from the dashboard.")
    if not evidence.device_signed:
        return LedgerError(403, "bad_signature", "It is not signed by the browser it names.", "Try again; if it stays, enrol again.")
    return None


def _passkey_refusal(raw: sqlite3.Connection, evidence: Evidence) -> LedgerError | None:
    if evidence.passkey_id is None:
        return LedgerError(403, "bad_passkey", "The passkey's signature does not verify.", "Sign again with an enrolled passkey.")
    return advance(raw, evidence.passkey_id, evidence.sign_count)


def _bounds_refusal(context: Context, grant: Grant, now: int) -> LedgerError | None:
    skew = context.settings.clock_skew_seconds * 1000
    wrong = {
        "createdAt": abs(grant.created_at - now) > skew,
        "endsAt": not now < grant.ends_at <= now + LONGEST_DAYS * DAY_MS,
        "origin": not _is_origin(grant.origin),
        "maxAmount": grant.max_amount == 0,
        "currency": grant.currency != context.settings.currency,
        "fromMinute": grant.from_minute == grant.to_minute,
        "modes": not grant.modes,
    }
    named = [name for name, bad in wrong.items() if bad]
    if not named:
        return None
    hint = f"A rule holds for at most {LONGEST_DAYS} days, from now, for one origin."
    return LedgerError(422, "bad_bounds", f"The rule's bounds make no sense: {', '.join(named)}.", hint)


def _is_origin(text: str) -> bool:
    try:
        return parse_origin(text) == text
    except ValueError:
        return False


def _agent_refusal(tx: Transaction, org_id: str, grant: Grant, now: int) -> LedgerError | None:
    name = tx.sql.execute(select(agents.c.name).where(agents.c.id == grant.agent_id, agents.c.org_id == org_id)).scalar()
    if name is None or name != grant.agent_name:
        return LedgerError(403, "agent_mismatch", "There is no agent of that id and name.", "Make the rule from the agent's own request.")
    known = (grants.c.id == grant.grant_id) | ((grants.c.device_id == grant.device_id) & (grants.c.nonce == grant.nonce))
    if tx.sql.execute(select(grants.c.id).where(known)).first() is not None:
        return LedgerError(409, "grant_known", "This rule was made before.", "Reload the list.")
    if len(in_force(tx.raw, org_id, grant.agent_id, now)) >= MOST_ACTIVE:
        return LedgerError(409, "too_many_grants", f"This agent has {MOST_ACTIVE} rules in force.", "Revoke one that is not needed.")
    return None


def _keep(tx: Transaction, body: SignedGrant, org_id: str, broker_id: str, evidence: Evidence, now: int) -> GrantState:
    grant = body.grant
    tx.sql.execute(
        insert(grants).values(
            id=grant.grant_id, org_id=org_id, broker_id=broker_id, device_id=grant.device_id, passkey_id=evidence.passkey_id,
            agent_id=grant.agent_id, signed=body.model_dump_json(by_alias=True), nonce=grant.nonce, made_at=now, ends_at=grant.ends_at,
            used_total=0,
        )
    )  # fmt: skip
    record(
        tx, now, "person:grant:created", org_id, grant=grant.grant_id, device=grant.device_id, passkey=evidence.passkey_id,
        agent=grant.agent_id, origin=grant.origin, maxAmount=grant.max_amount, currency=grant.currency,
        countPerDay=grant.count_per_day, endsAt=grant.ends_at, digest=b64u(evidence.digest),
    )  # fmt: skip
    return GrantState(grant=grant, used_today=0, used_total=0, last_used_at=None, revoked_at=None)


def of_broker(connection: Connection, broker_id: str, now: int) -> Grants:
    """Grants made on this broker's browsers, newest first, revoked and ended ones too; none for a broker that is not enrolled."""
    raw = raw_of(connection)
    query = f"{_LISTED} JOIN devices d ON d.id = g.device_id WHERE d.broker_id = ? AND g.org_id = ? ORDER BY g.made_at DESC, g.id LIMIT ?"
    rows = raw.execute(query, (broker_id, organisation_of(raw, broker_id), _MOST_LISTED)).fetchall()
    return Grants(grants=tuple(state_of(raw, row, now) for row in rows))


def listed(connection: Connection, now: int, org_id: str | None = None) -> list[dict[str, Any]]:
    """Grants for people, newest first; `org_id` None lists all organisations' (CLI)."""
    raw = raw_of(connection)
    query = f"{_LISTED} WHERE ? IS NULL OR g.org_id = ? ORDER BY g.made_at DESC, g.id LIMIT 200"
    return [_line(state_of(raw, row, now), now) for row in raw.execute(query, (org_id, org_id)).fetchall()]


def _line(state: GrantState, now: int) -> dict[str, Any]:
    grant = state.grant
    status = "revoked" if state.revoked_at is not None else "expired" if grant.ends_at <= now else "active"
    return {
        "id": grant.grant_id, "status": status, "agentId": grant.agent_id, "agentName": grant.agent_name, "origin": grant.origin,
        "bounds": describe(grant), "usedToday": state.used_today, "usedTotal": state.used_total, "lastUsedAt": state.last_used_at,
        "deviceId": grant.device_id, "createdAt": grant.created_at, "endsAt": grant.ends_at, "revokedAt": state.revoked_at,
    }  # fmt: skip


def revoke_now(tx: Transaction, actor: Actor, grant_id: str, now: int, org_id: str | None = None) -> LedgerError | None:
    """Revoke inside a transaction, effective at the next redeem; `org_id` None is for the installation's own operator (CLI)."""
    wanted = (grants.c.id == grant_id) & grants.c.revoked_at.is_(None)
    if org_id is not None:
        wanted &= grants.c.org_id == org_id
    row = tx.sql.execute(update(grants).where(wanted).values(revoked_at=now).returning(grants.c.org_id, grants.c.agent_id)).first()
    if row is None:
        return LedgerError(404, "grant_not_found", "There is no such active rule.", "Reload the list.")
    record(tx, now, f"{actor.source}:grant:revoked", row.org_id, actor=actor.id, grant=grant_id, agent=row.agent_id)
    return None


async def revoke(context: Context, actor: Actor, org_id: str, grant_id: str) -> None:
    """Revoke a grant of the organisation."""
    now = context.now()
    await context.write(lambda tx: revoke_now(tx, actor, grant_id, now, org_id))

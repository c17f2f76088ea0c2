"""Enrol a browser: its keys proven by the code a person typed, its passkey proven by WebAuthn."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, insert, select, update

from broker.core.canonical import b64u, digest, unb64u
from broker.core.errors import LedgerError
from broker.core.text import plain_text
from broker.issuer.brokers.proven import Proven, prove, sealing_key
from broker.issuer.brokers.tables import devices, passkeys
from broker.issuer.brokers.webauthn_check import Registered, verify_registration
from broker.issuer.context import Context
from broker.issuer.events.services import record
from broker.issuer.organisations.services import get_organisation
from broker.protocol.issuer_api import DeviceEnrolled, EnrolDevice
from broker.protocol.sealing import key_id
from broker.storage import Transaction

PASSKEY_DOMAIN = "ledgeros/enrolment-passkey/v1"


@dataclass(frozen=True, slots=True)
class _Keys:
    signing: bytes
    sealing: bytes
    passkey: Registered | None


def passkey_challenge(body: EnrolDevice) -> bytes:
    """What the passkey signs when it is registered: this code, this request, this device."""
    return digest(PASSKEY_DOMAIN, {"codeId": body.code_id, "nonce": body.nonce, "signingKey": body.signing_key})


def _keys(body: EnrolDevice) -> _Keys:
    """The public keys, checked to be usable; raises 422."""
    try:
        signing, sealing = unb64u(body.signing_key), sealing_key(body.sealing_key)
        Ed25519PublicKey.from_public_bytes(signing)
        unb64u(body.nonce)
    except ValueError:
        raise LedgerError(422, "bad_key", "The device sent a key that cannot be used.", "Update the extension and try again.") from None
    registered = None if body.passkey is None else verify_registration(body.passkey, passkey_challenge(body), body.extension_origin)
    return _Keys(signing, sealing, registered)


async def enrol_device(context: Context, broker_id: str, body: EnrolDevice) -> DeviceEnrolled:
    """Enrol a browser, or add a passkey to one whose signing key is enrolled already."""
    keys, now = _keys(body), context.now()

    def job(tx: Transaction) -> DeviceEnrolled | LedgerError:
        proven = prove(tx, context, broker_id, "browser", "extension", body, now)
        if isinstance(proven, LedgerError):
            return proven
        return _answer(tx, context, _store(tx, context, body, keys, proven, now), proven)

    return await context.write(job)


def _store(tx: Transaction, context: Context, body: EnrolDevice, keys: _Keys, proven: Proven, now: int) -> str:
    broker, code = proven.broker, proven.code
    same = (devices.c.org_id == broker.org_id) & (devices.c.signing_key == keys.signing) & devices.c.revoked_at.is_(None)
    known = tx.sql.execute(select(devices.c.id).where(same)).scalar()
    values = {
        "broker_id": broker.id, "name": plain_text(body.device_name, 100) or "browser", "extension_origin": body.extension_origin,
        "sealing_key": keys.sealing, "sealing_key_id": key_id(keys.sealing), "enrolled_at": now,
    }  # fmt: skip
    device_id = known or context.ids.new("dev")
    if known:
        tx.sql.execute(update(devices).where(devices.c.id == known).values(**values))
    else:
        tx.sql.execute(insert(devices).values(id=device_id, org_id=broker.org_id, signing_key=keys.signing, **values))
    record(
        tx, now, "device:device:enrolled", broker.org_id, device=device_id, broker=broker.id, by=code.created_by, enrolment=code.id,
        signingKey=b64u(keys.signing), sealingKey=b64u(keys.sealing), renewed=True if known else None,
    )  # fmt: skip
    if keys.passkey is not None:
        _store_passkey(tx, context, keys.passkey, device_id, broker.org_id, now)
    return device_id


def _store_passkey(tx: Transaction, context: Context, passkey: Registered, device_id: str, org_id: str, now: int) -> None:
    taken = select(passkeys.c.id).where(passkeys.c.credential_id == passkey.credential_id, passkeys.c.revoked_at.is_(None))
    if tx.sql.execute(taken).first() is not None:
        raise LedgerError(409, "passkey_known", "This passkey is enrolled already.", "Use it, or enrol another authenticator.")
    passkey_id = context.ids.new("pk")
    tx.sql.execute(
        insert(passkeys).values(
            id=passkey_id, credential_id=passkey.credential_id, org_id=org_id, device_id=device_id, public_key=passkey.public_key,
            sign_count=passkey.sign_count, enrolled_at=now,
        )
    )  # fmt: skip
    record(tx, now, "device:passkey:enrolled", org_id, device=device_id, passkey=passkey_id, publicKey=b64u(passkey.public_key))


def _answer(tx: Transaction, context: Context, device_id: str, proven: Proven) -> DeviceEnrolled:
    organisation = get_organisation(tx.sql, proven.broker.org_id)
    active = (passkeys.c.device_id == device_id) & passkeys.c.revoked_at.is_(None)
    answer = {
        "deviceId": device_id, "brokerId": proven.broker.id, "organisationName": organisation.name,
        "userFacingOrigin": context.addresses.public_url,
        "issuerKey": b64u(context.keys.signing.public_key().public_bytes_raw()), "approval": organisation.approval,
        "passkeys": tx.sql.execute(select(func.count()).select_from(passkeys).where(active)).scalar_one(),
    }  # fmt: skip
    return DeviceEnrolled.model_validate(proven.answer(answer))

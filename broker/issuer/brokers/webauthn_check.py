"""WebAuthn as Chromium does it for an extension page: the relying party id is the whole origin.

``rpIdHash`` = SHA-256 of ``chrome-extension://<id>``; the origin in the client data is the same string.
User verification is always required: it is what makes a passkey prove a person.

The library is loaded with the first passkey: it brings two parsers of ASN.1, and LedgerOS has to start quickly.
Its parsers raise whatever comes to them on bytes that no authenticator makes; all of it means that nothing is proven.
"""

from __future__ import annotations

from dataclasses import dataclass

from broker.core.canonical import unb64u
from broker.core.errors import LedgerError
from broker.protocol.decision import PasskeyAssertion
from broker.protocol.issuer_api import PasskeyRegistration


@dataclass(frozen=True, slots=True)
class Registered:
    """A passkey that proved itself."""

    credential_id: str
    public_key: bytes
    sign_count: int


def verify_registration(passkey: PasskeyRegistration, challenge: bytes, extension_origin: str) -> Registered:
    """The registered credential, or a 403."""
    from webauthn import verify_registration_response
    from webauthn.helpers.structs import AuthenticatorAttestationResponse, RegistrationCredential

    try:
        verified = verify_registration_response(
            credential=RegistrationCredential(
                id=passkey.credential_id,
                raw_id=unb64u(passkey.credential_id),
                response=AuthenticatorAttestationResponse(
                    client_data_json=unb64u(passkey.client_data_json), attestation_object=unb64u(passkey.attestation_object)
                ),
            ),
            expected_challenge=challenge,
            expected_rp_id=extension_origin,
            expected_origin=extension_origin,
            require_user_verification=True,
        )
    except Exception:
        raise LedgerError(
            403,
            "passkey_not_verified",
            "The passkey's registration does not verify.",
            "Create it again; the authenticator must verify you.",
        ) from None
    if unb64u(passkey.credential_id) != verified.credential_id:
        raise LedgerError(403, "passkey_not_verified", "The passkey's registration does not verify.", "Create it again.")
    return Registered(passkey.credential_id, verified.credential_public_key, verified.sign_count)


def verify_assertion(passkey: PasskeyAssertion, challenge: bytes, extension_origin: str, public_key: bytes, sign_count: int) -> int | None:
    """The new signature counter when the assertion proves a verified person's approval of `challenge`, else None."""
    from webauthn import verify_authentication_response
    from webauthn.helpers.structs import AuthenticationCredential, AuthenticatorAssertionResponse

    try:
        return verify_authentication_response(
            credential=AuthenticationCredential(
                id=passkey.credential_id,
                raw_id=unb64u(passkey.credential_id),
                response=AuthenticatorAssertionResponse(
                    client_data_json=unb64u(passkey.client_data_json),
                    authenticator_data=unb64u(passkey.authenticator_data),
                    signature=unb64u(passkey.signature),
                ),
            ),
            expected_challenge=challenge,
            expected_rp_id=extension_origin,
            expected_origin=extension_origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        ).new_sign_count
    except Exception:
        return None

"""Standing rules: a grant is a person's passkey-signed permission with bounds, and the actions of regret.

digest = SHA-256("ledgeros/grant/v1" LF JCS(grant)). A grant without a passkey's signature does not
exist. LedgerOS verifies it when it is made, counts every use, and decides at redeem whether it
still covers the payment; the extension evaluates the same pure rules (`broker.policy.grants`) to
know whether to ask.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from broker.core.canonical import digest
from broker.protocol.decision import Mode, PasskeyAssertion
from broker.protocol.wire import Amount, Base64Url, Currency, Id, Label, Millis, Origin, Wire

GRANT_DOMAIN = "ledgeros/grant/v1"
ACTION_DOMAIN = "ledgeros/action/v1"

MinuteOfDay = Annotated[int, Field(strict=True, ge=0, le=1440)]
"""Minutes since local midnight; 1440 is the end of the day."""


class Grant(Wire):
    """“Allow this agent here up to …”: every bound is a limit, none is a default that widens.

    `max_amount` bounds each payment (minor units). `count_per_day` bounds uses in a local calendar day.
    `from_minute`/`to_minute` bound the local time of day (0–1440 means any; from > to spans midnight);
    `utc_offset_minutes` fixes what local means. `ends_at` is required: nothing stands for ever.
    """

    version: Literal[1]
    grant_id: Id
    device_id: Id
    agent_id: Id
    agent_name: Label
    origin: Origin
    max_amount: Amount
    currency: Currency
    count_per_day: Annotated[int, Field(strict=True, ge=1, le=1_000)]
    from_minute: MinuteOfDay
    to_minute: MinuteOfDay
    utc_offset_minutes: Annotated[int, Field(strict=True, ge=-840, le=840)]
    modes: tuple[Mode, ...]
    created_at: Millis
    ends_at: Millis
    nonce: Base64Url

    def digest(self) -> bytes:
        """The 32 bytes that device key and passkey sign."""
        return digest(GRANT_DOMAIN, self.wire())


class SignedGrant(Wire):
    """A grant with both signatures; the passkey's is not optional."""

    grant: Grant
    device_signature: Base64Url
    passkey: PasskeyAssertion


class GrantState(Wire):
    """A grant as LedgerOS keeps it: how often it acted today, and whether it still may."""

    grant: Grant
    used_today: int
    used_total: int
    last_used_at: Millis | None
    revoked_at: Millis | None


class Action(Wire):
    """What a person does about a card or agent from the extension.

    Restricting (`freeze_card`, `pause_agent`, `revoke_grant`) needs the device's signature only;
    loosening (`unfreeze_card`, `resume_agent`) needs the passkey too unless the organisation's
    approval setting is ``click``.
    """

    version: Literal[1]
    kind: Literal["freeze_card", "unfreeze_card", "pause_agent", "resume_agent", "revoke_grant"]
    subject: Id
    device_id: Id
    at: Millis
    nonce: Base64Url

    def digest(self) -> bytes:
        """The 32 bytes that are signed."""
        return digest(ACTION_DOMAIN, self.wire())


class SignedAction(Wire):
    """An action with its signatures."""

    action: Action
    device_signature: Base64Url
    passkey: PasskeyAssertion | None = None

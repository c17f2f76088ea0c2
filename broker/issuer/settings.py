"""Every limit and lifetime of LedgerOS, documented where it is defined. The contract's values are the defaults."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from broker.core.environment import EnvironmentSettings


class IssuerSettings(EnvironmentSettings):
    """Read from ``LEDGEROS_ISSUER_<NAME>`` environment variables; none of them is a secret."""

    model_config = SettingsConfigDict(env_prefix="LEDGEROS_ISSUER_")

    host: str = "127.0.0.1"
    """Address that both listeners bind. The guards answer only to loopback names and `extra_hosts`."""
    public_port: int = 0
    """Port of the API and dashboard; 0 takes a free one."""
    broker_port: int = 0
    """Port of the mutual-TLS listener; 0 takes a free one."""
    extra_hosts: tuple[str, ...] = ()
    """Further ``host:port`` values that the Host check accepts."""
    body_limit: int = 64 * 1024
    """Bytes of a request body; above: 413."""
    sandbox: bool = True
    """Whether ``/v1/simulate`` exists; production answers 404 there."""

    reads_per_minute: int = 100
    """GET requests per organisation."""
    reads_burst: int = 20
    """GET requests that may come at once."""
    writes_per_minute: int = 30
    """Other requests per organisation."""
    writes_burst: int = 10
    """Other requests that may come at once."""
    card_creations_per_minute: int = 10
    """Cards created per organisation."""
    card_creations_burst: int = 5
    """Cards that may be created at once."""
    broker_calls_per_minute: int = 1_200
    """Calls per broker certificate on the mutual-TLS listener."""
    broker_calls_burst: int = 200
    """Broker calls that may come at once."""
    network_calls_per_minute: int = 600
    """Simulated network messages per acquirer key."""
    network_calls_burst: int = 60
    """Network messages that may come at once."""
    details_per_hour: int = 10
    """Granted card-detail retrievals per card and hour; counted in the database, so restarts do not help."""

    token_life_seconds: int = 120
    """How long a `detailsToken` can be redeemed."""
    clock_skew_seconds: int = 120
    """How far a device's clock may differ when it dates a decision."""
    window_minutes: int = 15
    """How long an authorisation window stays open."""
    amount_tolerance_basis_points: int = 200
    """How far a charge may lie above the approved amount (tips, tax, rounding): 2 %."""
    step_up_above: int = 10_000
    """Default amount (minor units) above which ``step-up`` approval needs a passkey."""
    currency: str = "USD"
    """The one currency of the sandbox's cards: limits are sums, and sums need one currency."""
    credit_limit: int = 1_000_000
    """Credit limit of a newly approved sandbox user, in minor units."""
    card_years: int = 3
    """Years until a new card expires."""
    wrong_code_limit: int = 5
    """Declines for a wrong security code per card and hour; after that every attempt is declined."""

    session_idle_minutes: int = 60
    """A dashboard session ends after this long without a request."""
    session_hours: int = 12
    """A dashboard session ends after this long in any case."""
    sign_in_tries: int = 5
    """Wrong passwords per name before sign-in is slowed down."""
    sign_in_lock_seconds: int = 30
    """First pause after that; doubles with each further failure, at most an hour."""
    setup_link_minutes: int = 60
    """How long the one-time link that makes an owner works."""
    idempotency_hours: int = 24
    """How long a first answer is replayed under its ``Idempotency-Key``."""
    surrogate_days: int = 400
    """How long a stand-in is remembered after its release, to name it when a merchant charges it: a yearly renewal is among them."""
    sweep_seconds: float = 30.0
    """How often expired tokens, windows and answers are swept and certificates looked at."""

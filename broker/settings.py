"""Every limit and lifetime of the broker, documented where it is defined."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from broker.agent_api import AgentApiLimits
from broker.channel import ChannelLimits
from broker.core.clock import MINUTE_MS, SECOND_MS
from broker.core.environment import EnvironmentSettings
from broker.issuer_client import IssuerLimits
from broker.policy import Rate
from broker.releases import ReleaseLimits


class BrokerSettings(EnvironmentSettings):
    """Read from ``LEDGEROS_BROKER_<NAME>`` environment variables; none of them is a secret."""

    model_config = SettingsConfigDict(env_prefix="LEDGEROS_BROKER_")

    host: str = "127.0.0.1"
    """Address that both listeners bind. The agent API answers to loopback names only."""
    agent_port: int = 0
    """Port of the agent API; 0 takes a free one, which ``endpoints.json`` names."""
    channel_port: int = 0
    """Port of the extension channel; 0 takes a free one, which ``channel.json`` names."""

    releases_per_minute: int = 30
    """Releases an agent may ask for."""
    releases_burst: int = 10
    """Releases an agent may ask for at once."""
    reads_per_minute: int = 300
    """Reads and waits per agent."""
    reads_burst: int = 60
    """Reads that may come at once."""
    body_limit: int = 16 * 1024
    """Bytes of a request body; above: 413."""

    token_life_seconds: int = 120
    """Deadline of a release until LedgerOS has said when its token ends."""
    fill_seconds: int = 30
    """How long a browser may take between delivery and result; then ``interrupted``."""
    approval_minutes: int = Field(15, ge=1, le=15)
    """How long an approval on an intent may wait for its token; LedgerOS takes no decision that lasts longer than 15 minutes."""
    grace_seconds: int = 10
    """How long a browser that disconnects while filling may stay away; then ``interrupted``."""

    egress_socket: Path | None = None
    """Where the egress listens; unset: ``run/egress.sock`` in the state folder."""
    egress_uid: int | None = None
    """The user id that the egress runs as; unset: the broker's own."""

    issuer_connect_seconds: float = 2.0
    """Longest wait for a connection to LedgerOS."""
    issuer_total_seconds: float = 5.0
    """Longest wait for a whole answer of LedgerOS."""
    status_seconds: float = 15.0
    """How often LedgerOS's health is asked for the extension's status line."""

    opening_seconds: float = 10.0
    """Longest TLS handshake, and again the longest channel opening."""
    channel_idle_seconds: float = 75.0
    """A browser that says nothing for this long is disconnected (it pings every 20 s)."""
    unauthenticated_connections: int = 16
    """Channel connections that have not proven themselves yet."""
    certificate_check_seconds: float = 30.0
    """How often rotated certificate files are looked for; SIGHUP looks at once."""

    def agent_api_limits(self) -> AgentApiLimits:
        """The agent API's part."""
        writes = Rate(self.releases_per_minute, self.releases_burst)
        return AgentApiLimits(writes, Rate(self.reads_per_minute, self.reads_burst), self.body_limit)

    def release_limits(self) -> ReleaseLimits:
        """The releases' part."""
        return ReleaseLimits(
            token_ms=self.token_life_seconds * SECOND_MS,
            fill_ms=self.fill_seconds * SECOND_MS,
            grace_ms=self.grace_seconds * SECOND_MS,
            approval_ms=self.approval_minutes * MINUTE_MS,
        )

    def issuer_limits(self) -> IssuerLimits:
        """The issuer client's part."""
        return IssuerLimits(connect_seconds=self.issuer_connect_seconds, total_seconds=self.issuer_total_seconds)

    def channel_limits(self) -> ChannelLimits:
        """The channel's part."""
        return ChannelLimits(
            opening_seconds=self.opening_seconds,
            idle_seconds=self.channel_idle_seconds,
            unauthenticated=self.unauthenticated_connections,
        )

"""The kinds of checkout, and under which host names each plays.

Host names below ``localhost`` lead to this machine (RFC 6761) and are sites of their own, so that
frames and requests between them are as foreign to each other as in the world.
"""

from __future__ import annotations

from enum import StrEnum

PRICE = 4_990
CURRENCY = "USD"
SHOP_NAME = "Paper & Pine"
MERCHANT_ID = "mer_paperandpine"
"""What the card network knows all of them by: storefronts of one merchant."""
HOST = "shop.localhost"


class Kind(StrEnum):
    """How a shop's page sends the card."""

    FIRST_PARTY = "first-party"
    """A form to the shop's own server, which charges."""
    FORM = "form"
    """A form that goes to the processor, which charges and redirects back."""
    JSON = "json"
    """A single-page application: JSON to the processor for a token, the token to the shop."""
    HOSTED = "hosted"
    """Card fields in a frame of the processor's fields host, which asks the processor for a token."""
    GRAPHQL = "graphql"
    """A GraphQL mutation with variables."""
    MULTIPART = "multipart"
    """A multipart body that also carries a file."""
    WORKER = "worker"
    """A service worker sends the payment."""
    ENCRYPTING = "encrypting"
    """A frame of the processor encrypts the card before it is sent."""

    @property
    def shop_host(self) -> str:
        """The merchant's host name."""
        return HOST if self is Kind.FIRST_PARTY else f"{self.value}-shop.localhost"

    @property
    def pay_host(self) -> str:
        """The host name that receives the card."""
        return HOST if self is Kind.FIRST_PARTY else f"{self.value}-pay.localhost"

    @property
    def fields_host(self) -> str | None:
        """The host name of the frame that holds the card fields; null when the shop's page does."""
        return {Kind.HOSTED: "hosted-fields.localhost", Kind.ENCRYPTING: self.pay_host}.get(self)

    def hosts(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys(host for host in (self.shop_host, self.pay_host, self.fields_host) if host))


ALL_HOSTS = tuple(host for kind in Kind for host in kind.hosts())

"""The only way from the broker to LedgerOS: mutual TLS, the peer's role checked before anything is sent.

In: protocol models. Out: protocol models, or one of three errors that say whether LedgerOS refused,
did not answer, or is not LedgerOS.
"""

from broker.issuer_client.client import IssuerClient, IssuerLimits
from broker.issuer_client.errors import IssuerRefusedError, IssuerUnavailableError, IssuerUntrustedError

__all__ = ["IssuerClient", "IssuerLimits", "IssuerRefusedError", "IssuerUnavailableError", "IssuerUntrustedError"]

"""The heart: a release from the agent's request to its outcome, in one state machine.

In: requests from `agent_api`, decisions and results from `channel`. Out: offers and sealed
credentials to the browser, calls to LedgerOS, a row per release and an event per step. Tokens live
in memory only; credentials pass through as ciphertext.
"""

from broker.releases.courier import Courier, Issuer
from broker.releases.limits import ReleaseLimits
from broker.releases.reports import Reporter
from broker.releases.service import Releases
from broker.releases.store import ReleaseStore

__all__ = ["Courier", "Issuer", "ReleaseLimits", "ReleaseStore", "Releases", "Reporter"]

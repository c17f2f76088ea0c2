"""The Python client for agents: card details from LedgerOS, a release from the broker, and its outcome.

An agent holds an agent token (``at_…``) for LedgerOS and a credential (``bt_…``) for the broker on its
machine. Nothing it can call answers a card number.

    async with LedgerClient(ledger_url, agent_token, ca_file) as ledger, BrokerClient(broker_url, credential, ca_file) as broker:
        release = await AgentClient(ledger, broker).release("card_…", summary="Paper", expected_amount=4990, page_url=page.url)
        if release.outcome != "filled":
            print(release.message, release.next_step)

Seam: `AgentClient` is where ``pay`` goes, which also presses the page's button.
"""

from broker.client.agent import AgentClient, SyncAgentClient
from broker.client.broker import BrokerClient
from broker.client.errors import AgentError, UnreachableError
from broker.client.ledger import CardDetails, LedgerClient
from broker.protocol.agent_api import Release
from broker.protocol.outcomes import Outcome

__all__ = [
    "AgentClient",
    "AgentError",
    "BrokerClient",
    "CardDetails",
    "LedgerClient",
    "Outcome",
    "Release",
    "SyncAgentClient",
    "UnreachableError",
]

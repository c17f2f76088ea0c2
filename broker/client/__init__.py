"""The Python client for agents: card details from LedgerOS, a release from the broker, and its outcome.

An agent holds an agent token (``at_…``) for LedgerOS and a credential (``bt_…``) for the broker on its
machine. Nothing it can call answers a card number.

    async with LedgerOS.from_file("agent.json") as ledgeros:
        payment = await ledgeros.pay(page_url=page.url, card="card_…", amount=4990, purpose="Paper for the office")
        if not payment.filled:
            print(payment.sentence, payment.next_step)

`LedgerClient` and `BrokerClient` are the two APIs underneath; `AgentClient.release` starts from a token.
"""

from broker.client.agent import AgentClient, SyncAgentClient
from broker.client.broker import BrokerClient
from broker.client.configuration import Configuration, ConfigurationError
from broker.client.errors import AgentError, UnreachableError
from broker.client.ledger import Card, CardDetails, LedgerClient
from broker.client.ledgeros import LedgerOS, SyncLedgerOS
from broker.client.payment import Payment
from broker.protocol.agent_api import Release
from broker.protocol.decision import Reason
from broker.protocol.outcomes import Outcome

__all__ = [
    "AgentClient",
    "AgentError",
    "BrokerClient",
    "Card",
    "CardDetails",
    "Configuration",
    "ConfigurationError",
    "LedgerClient",
    "LedgerOS",
    "Outcome",
    "Payment",
    "Reason",
    "Release",
    "SyncAgentClient",
    "SyncLedgerOS",
    "UnreachableError",
]

"""The HTTP API for agents: HTTPS on loopback, one bearer credential per agent.

In: requests of ``protocol/agent_api.py``. Out: an agent's own releases, and errors that say what to
do next. Nothing here can approve, and nothing here ever holds a card number.
"""

from broker.agent_api.app import AgentApiLimits, create_app
from broker.agent_api.credentials import Agent, AgentDirectory

__all__ = ["Agent", "AgentApiLimits", "AgentDirectory", "create_app"]

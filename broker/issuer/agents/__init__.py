"""Agents: who spends, up to which limit, and the tokens that let an agent use its own cards.

In: the back end's calls. Out: agents with their current spend, agent tokens (shown once).
"""

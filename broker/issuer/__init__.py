"""LedgerOS itself: the sandbox issuer of virtual cards, as a process of its own.

In: HTTPS with an ``Api-Key`` or agent token (the contract), mutual TLS from brokers
(`protocol.issuer_api`), and people's browsers (dashboard, KYC). Out: answers, single-use tokens,
credentials sealed to enrolled keys, and a hash-chained event for every step, committed with the
state it speaks of. README.md shows the rooms.
"""

"""The access-event log: every step, appended in the transaction that makes it true.

In: a transaction, an event's name and facts. Out: a hash chain that anybody can re-compute from
``GET /v1/events``. Facts hold ids, amounts, origins and reasons, never a secret or a person's words.
"""

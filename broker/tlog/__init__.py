"""The hash-chained event log that LedgerOS and the broker each keep in their own database.

In: an event's name and facts, inside the transaction that changes the state it speaks of. Out: a
sequence anybody can re-compute. Seam: a Merkle log with signed checkpoints takes this package's place
without its callers noticing.
"""

from broker.tlog.chain import ChainBrokenError, Entry, append, append_all, entries, events_table, head, verify

__all__ = ["ChainBrokenError", "Entry", "append", "append_all", "entries", "events_table", "head", "verify"]

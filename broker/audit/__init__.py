"""The broker's access-event log: where its events lie, how they are written, read and checked.

In: events of the other packages, inside the transaction that changes the state they speak of. Out:
entries for a reviewer, and whether the chain holds. Seam: the joined record with LedgerOS, exports
and alarms are built on `read_events`.
"""

from broker.audit.events import Event, read_events, record
from broker.audit.tables import events, metadata

__all__ = ["Event", "events", "metadata", "read_events", "record"]

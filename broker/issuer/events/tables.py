"""The chain's table (`tlog`)."""

from broker.issuer.metadata import METADATA
from broker.tlog import events_table

events = events_table(METADATA)

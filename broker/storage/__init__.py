"""Databases: one writer with group commit (jobs on the event loop, the commit beside it), reader threads, a schema version.

In: a SQLAlchemy ``MetaData`` and jobs, plain functions that take a `Transaction`. Out: their
results, after the commit is on disk. Knows nothing of cards or releases.
"""

from broker.storage.database import Database
from broker.storage.jobs import Steps, Transaction, WriterConnection
from broker.storage.schema import Migration, SchemaTooNewError

__all__ = ["Database", "Migration", "SchemaTooNewError", "Steps", "Transaction", "WriterConnection"]

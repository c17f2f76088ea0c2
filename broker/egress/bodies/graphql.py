"""GraphQL over HTTP: a JSON object with ``query`` and ``variables``; the value may stand in either, as a string."""

from __future__ import annotations

from broker.egress.bodies.graphql_document import Mutation
from broker.egress.bodies.graphql_grammar import Variable
from broker.egress.bodies.json_text import Document, Path, pointer
from broker.egress.bodies.text import Text
from broker.egress.refusal import field_mismatch

# Anything else at the top (a persisted query's hash, an id) could make the server run another document.
_MEMBERS = {"query", "variables", "operationName", "clientSdkMetadata"}


def mutation_of(document: Document, root_field: str) -> Mutation:
    """The one mutation of `document`, which calls `root_field`; raises `RefusedError` for anything else."""
    if not document.names() <= _MEMBERS:
        raise field_mismatch()
    return Mutation(_only_string(document, ("query",)), root_field)


def values(document: Document, mutation: Mutation, rule: str) -> list[tuple[Text, bool]]:
    """The values at argument path `rule`, each with whether it may begin with a zero."""
    found = mutation.argument(pointer(rule))
    if isinstance(found, Variable):
        return [
            (text, document.is_string(start))
            for start in document.find(("variables", found.name, *found.rest))
            if (text := document.text(start)) is not None
        ]
    return [(found, True)] if found is not None else []


def _only_string(document: Document, path: Path) -> Text:
    starts = document.find(path)
    text = document.text(starts[0]) if len(starts) == 1 and document.is_string(starts[0]) else None
    if text is None:
        raise field_mismatch()
    return text

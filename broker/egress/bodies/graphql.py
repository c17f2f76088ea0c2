"""GraphQL over HTTP: a JSON object with ``query`` and ``variables``; the value may stand in either."""

from __future__ import annotations

from broker.egress.bodies.graphql_document import Mutation, Variable
from broker.egress.bodies.json_text import Document, Path, pointer
from broker.egress.bodies.text import Text
from broker.egress.refusal import field_mismatch

# Anything else at the top (a persisted query's hash, an id) could make the server run another document.
_MEMBERS = {"query", "variables", "operationName", "clientSdkMetadata"}


def field(document: Document, root_field: str, rule: str) -> list[tuple[Text, bool]]:
    """The values at argument path `rule` of the mutation's `root_field`, each with whether it may begin with a zero."""
    if not document.names() <= _MEMBERS:
        raise field_mismatch()
    found = Mutation(_only_string(document, ("query",)), root_field).argument(pointer(rule))
    if isinstance(found, Variable):
        return [
            (text, document.is_string(start))
            for start in document.find(("variables", found.name, *found.rest))
            if (text := document.text(start)) is not None
        ]
    return [(found, _is_quoted(document, found))] if found is not None else []


def _only_string(document: Document, path: Path) -> Text:
    starts = document.find(path)
    text = document.text(starts[0]) if len(starts) == 1 and document.is_string(starts[0]) else None
    if text is None:
        raise field_mismatch()
    return text


def _is_quoted(document: Document, text: Text) -> bool:
    return bool(text.spans) and document.raw[text.spans[0][0] - 1] == '"'

"""Writes the JSON Schema that the extension's TypeScript types are generated from.

``python -m broker.protocol.schema FILE`` writes it; ``--check FILE`` fails when FILE is out of date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic.json_schema import models_json_schema

from broker.protocol import agent_api, billing, channel, decision, denial, egress, facts, grants, issuer_api, sealing, surrogate
from broker.protocol.egress import EGRESS_MEANINGS
from broker.protocol.outcomes import MEANINGS
from broker.protocol.processors import bundled_processors
from broker.protocol.wire import Wire

_MODULES = (billing, grants, facts, decision, denial, sealing, surrogate, egress, issuer_api, channel, agent_api)
_PYTHON_ONLY = {
    sealing.Credentials,
    egress.Arm,
    egress.Armed,
    egress.Disarm,
    egress.Disarmed,
    egress.AskHealth,
    egress.Health,
    egress.Fault,
}


def wire_models() -> list[type[Wire]]:
    """Every message model, in the order of definition."""
    found = [
        value
        for module in _MODULES
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Wire) and value is not Wire and value.__module__ == module.__name__
    ]
    return [model for model in found if model not in _PYTHON_ONLY]


def schema_text() -> str:
    """The schema document: all models under ``$defs``, outcome tables in ``x-outcomes`` and ``x-egress-outcomes``, ``x-frame-hosts``."""
    _, schema = models_json_schema([(model, "serialization") for model in wire_models()], by_alias=True)
    schema["title"] = "LedgerOS protocol"
    schema["x-outcomes"] = {
        code.value: {"sentence": m.sentence, "nextStep": m.next_step, "valueDelivered": m.value_delivered, "retry": m.retry}
        for code, m in MEANINGS.items()
    }
    schema["x-egress-outcomes"] = {
        code.value: {"sentence": e.sentence, "browser": e.browser, "mayHaveBeenCharged": e.may_have_been_charged}
        for code, e in EGRESS_MEANINGS.items()
    }
    schema["x-frame-hosts"] = frame_hosts()
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


def frame_hosts() -> list[dict[str, object]]:
    """Every host rule of the registry for frames that hold card fields, once, with the processor's name."""
    found = {
        (rule, entry.sandbox_only): {"rule": rule, "name": entry.name, "sandboxOnly": entry.sandbox_only}
        for entry in bundled_processors()
        for rule in entry.frame_hosts
    }
    return [found[key] for key in sorted(found)]


def main(arguments: list[str]) -> int:
    """Write or check the schema file named last in `arguments`."""
    path = Path(arguments[-1])
    if "--check" in arguments:
        if path.read_text() == schema_text():
            return 0
        print(f"{path.name} is out of date: run python -m broker.protocol.schema {path}", file=sys.stderr)
        return 1
    path.write_text(schema_text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

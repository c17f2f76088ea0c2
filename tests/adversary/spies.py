"""What the tests of this folder look at: did anything leave, and can a number be found in what somebody holds."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from broker.core.canonical import unb64u
from broker.protocol.decision import SignedDecision
from tests.api.issuer.harness import World
from tests.api.issuer.serving import Reply


def count(world: World, name: str) -> int:
    """How often LedgerOS logged this event."""
    return world.issuer.names().count(name)


def windows(world: World) -> int:
    """How many authorisation windows were ever opened."""
    from broker.issuer.transactions.tables import windows as table

    return len(world.issuer.context.db.read_now(lambda c: c.execute(table.select()).all()))


async def refused(world: World, token: str, signed: SignedDecision | dict[str, Any], *, by: Any = None) -> Reply:
    """Present a decision that must not hold: nothing is burnt, no window opens, nothing sealed is answered."""
    before = (count(world, "broker:token:redeemed"), windows(world))
    body = signed.wire() if isinstance(signed, SignedDecision) else signed
    reply: Reply = await (by or world.broker).post("redeem", {"token": token, "signed": body})
    assert 400 <= reply.status < 500, reply.text
    assert "sealed" not in reply.body
    assert (count(world, "broker:token:redeemed"), windows(world)) == before
    return reply


def finds(number: str, held: object) -> bool:
    """Whether `number` can be read in what somebody holds, also inside base64 of either alphabet."""
    text = held if isinstance(held, str) else json.dumps(held)
    if number in text or number in text.replace(" ", "").replace("-", ""):
        return True
    return any(number.encode() in decoded for decoded in _decoded(text))


def _decoded(text: str) -> list[bytes]:
    found = []
    for word in text.replace('"', " ").replace(",", " ").split():
        for read in (unb64u, base64.b64decode):
            try:
                found.append(read(word))
            except ValueError:
                continue
    return found


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every member of a JSON object, nested ones too, with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def altered(wire: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy with the member at `path` replaced."""
    if len(path) == 1:
        return {**wire, path[0]: value}
    return {**wire, path[0]: altered(wire[path[0]], path[1:], value)}

"""``/broker/v1/grants`` and ``/broker/v1/actions``."""

from __future__ import annotations

from aiohttp import hdrs

from broker.issuer.grants import services
from broker.issuer.grants.actions import act
from broker.issuer.peer import BrokerCall, BrokerRoute
from broker.issuer.redeem.signatures import PublicKeys
from broker.protocol.grants import SignedAction, SignedGrant
from broker.protocol.wire import Wire


async def list_grants(call: BrokerCall) -> Wire:
    """Rules made on the calling broker's browsers."""
    now = call.context.now()
    return await call.context.read(lambda c: services.of_broker(c, call.broker_id, now))


def broker_routes(keys: PublicKeys) -> list[BrokerRoute]:
    """This resource's routes on the broker listener."""

    async def make_grant(call: BrokerCall) -> Wire:
        return await services.make_grant(call.context, keys, call.broker_id, call.body)

    async def take_action(call: BrokerCall) -> None:
        await act(call.context, keys, call.broker_id, call.body)

    return [
        BrokerRoute(hdrs.METH_POST, "/broker/v1/grants", make_grant, SignedGrant),
        BrokerRoute(hdrs.METH_GET, "/broker/v1/grants", list_grants),
        BrokerRoute(hdrs.METH_POST, "/broker/v1/actions", take_action, SignedAction),
    ]

"""``/broker/v1/health`` and ``/broker/v1/enrolments``."""

from __future__ import annotations

from aiohttp import hdrs

from broker.issuer.brokers import services
from broker.issuer.brokers.devices import enrol_device
from broker.issuer.brokers.egress_keys import enrol_egress
from broker.issuer.brokers.health import health as health_of
from broker.issuer.peer import BrokerCall, BrokerRoute
from broker.protocol.issuer_api import EnrolBroker, EnrolDevice, EnrolEgress
from broker.protocol.wire import Wire


async def health(call: BrokerCall) -> Wire:
    """Is LedgerOS there, and does it know this broker?"""
    now = call.context.now()
    return await call.context.read(lambda c: health_of(c, call.broker_id, now))


async def broker_enrolment(call: BrokerCall) -> Wire:
    """Enrol the calling broker."""
    return await services.enrol_broker(call.context, call.broker_id, call.body)


async def device_enrolment(call: BrokerCall) -> Wire:
    """Enrol a browser that is paired with the calling broker."""
    return await enrol_device(call.context, call.broker_id, call.body)


async def egress_enrolment(call: BrokerCall) -> Wire:
    """Enrol the key of the egress beside the calling broker."""
    return await enrol_egress(call.context, call.broker_id, call.body)


def routes() -> list[BrokerRoute]:
    """This resource's routes on the broker listener."""
    return [
        BrokerRoute(hdrs.METH_GET, "/broker/v1/health", health),
        BrokerRoute(hdrs.METH_POST, "/broker/v1/enrolments/broker", broker_enrolment, EnrolBroker),
        BrokerRoute(hdrs.METH_POST, "/broker/v1/enrolments/device", device_enrolment, EnrolDevice),
        BrokerRoute(hdrs.METH_POST, "/broker/v1/enrolments/egress", egress_enrolment, EnrolEgress),
    ]

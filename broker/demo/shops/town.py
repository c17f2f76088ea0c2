"""All shops and processors of a run behind one port, told apart by host name."""

from __future__ import annotations

from aiohttp import web

from broker.demo.shops.acquirer import Acquirer, ShopSettings
from broker.demo.shops.kinds import Kind
from broker.demo.shops.merchant import Merchant
from broker.demo.shops.origins import Origins
from broker.demo.shops.processor import Processor


def application(settings: ShopSettings, port: int) -> web.Application:
    """The one server; a host name that nobody has is answered 404."""
    town, origins = web.Application(), Origins(port)
    for kind in Kind:
        for host, app in _apps(kind, settings, origins).items():
            town.add_domain(f"{host}:{port}", app)
    return town


def _apps(kind: Kind, settings: ShopSettings, origins: Origins) -> dict[str, web.Application]:
    acquirer = Acquirer(settings, origins.of(kind.shop_host))
    merchant = Merchant(kind, origins, acquirer)
    processor = Processor(merchant, origins, acquirer)
    apps = {kind.shop_host: merchant.app(processor.redeem)}
    if kind.pay_host != kind.shop_host:
        apps[kind.pay_host] = processor.app()
    if kind.fields_host:
        processor.add_fields(apps.setdefault(kind.fields_host, web.Application()))
    return apps

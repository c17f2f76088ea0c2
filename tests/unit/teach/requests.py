"""Requests that carried the number of a lesson, as the browser reports them."""

from __future__ import annotations

from broker.protocol.surrogate import Surrogate
from broker.teach.watching import Seen

STAND_IN = Surrogate(number="4242429000000001", security_code="737")
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
SHOP = "https://shop.example"


def seen(body: str, content_type: str = FORM, url: str = "https://pay.example/charge", frame: str = SHOP, **headers: str) -> Seen:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Seen(url, "POST", {"content-type": content_type, "cookie": "a", **named}, body.encode(), SHOP, frame)

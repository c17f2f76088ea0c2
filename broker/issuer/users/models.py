"""Wire models of users."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from broker.protocol.wire import Label, Wire

Email = Annotated[str, StringConstraints(pattern=r"^[^\s@]{1,64}@[^\s@]{1,255}$")]


class InitiateApplication(Wire):
    """Start a user's application (Part A, step 2)."""

    first_name: Label
    last_name: Label
    email: Email

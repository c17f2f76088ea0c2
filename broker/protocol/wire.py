"""The base of every message: camelCase on the wire, unknown fields refused, input never echoed."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from broker.core.canonical import canonical_json
from broker.core.errors import LedgerError

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217 alphabetic code."""
Amount = Annotated[int, Field(strict=True, ge=0, le=99_999_999_99)]
"""Minor units (cents)."""
Millis = Annotated[int, Field(strict=True, ge=0, le=253_402_214_400_000)]
"""Unix time in milliseconds. The last day of the year 9999 is the last that every language here can write, wherever it is local."""
Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=8_192)]
"""base64url without padding (RFC 7515)."""
Id = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,12}_[A-Za-z0-9]{1,64}$")]
"""A prefixed id such as ``card_01jd…``."""
Origin = Annotated[str, StringConstraints(pattern=r"^https?://[a-z0-9.\-\[\]:]{1,260}$")]
"""ASCII serialisation of a web origin."""
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Wire(BaseModel):
    """A message: immutable, closed, camelCase in JSON."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        cache_strings="keys",  # values hardly come twice, and some are secrets
    )

    def wire(self) -> dict[str, Any]:
        """The JSON object that travels (camelCase, nulls kept)."""
        return self.model_dump(mode="json", by_alias=True)

    def canonical(self) -> bytes:
        """RFC 8785 bytes of `wire`."""
        return canonical_json(self.wire())

    @classmethod
    def read(cls, data: object) -> Self:
        """`data` (a JSON value) as this message, or a `LedgerError` 400 that names the fields and echoes nothing."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise invalid_request(error) from None


class InvalidRequestError(LedgerError):
    """A body that does not fit its model: 400.

    `kinds` holds the kind of each problem (pydantic's name of it: ``missing``, ``string_too_long``) by the path of its field, so
    that a form can say it there, in its own words.
    """

    def __init__(self, message: str, kinds: dict[str, str]) -> None:
        super().__init__(400, "invalid_request", message, "Compare the body with the API reference.")
        self.kinds = kinds


def invalid_request(error: ValidationError) -> InvalidRequestError:
    """A 400 that says which fields are wrong and why, without the values that were sent."""
    kinds: dict[str, str] = {}
    problems: list[str] = []
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        if item["type"] == "extra_forbidden":  # an unknown field's name is input too, so it is not repeated
            problems.append("an unknown field was sent")
            continue
        path = ".".join(map(str, item["loc"])) or "body"
        kinds.setdefault(path, item["type"])
        problems.append(f"{path}: {item['msg']}")
    return InvalidRequestError("; ".join(dict.fromkeys(problems[:5])), kinds)

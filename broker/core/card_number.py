"""`Pan` and `Cvv`: values that travel through the program and never show themselves.

``str``, ``repr``, f-strings, pickling, JSON and pydantic errors all give a mask. The one way to
the digits is `reveal`, so that a review can find every place that asks.
"""

from __future__ import annotations

from typing import Any, NoReturn

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

# What a digit counts for in every second place: doubled, and cast out to one digit.
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")


def passes_luhn(digits: str) -> bool:
    """Whether the last of some ASCII digits is the check digit of the others (ISO/IEC 7812-1, annex B).

    `stdnum` says the same in seven times the time, which a redeem would feel.
    """
    backwards = digits.encode()[::-1]
    return (sum(backwards[::2]) + sum(backwards[1::2].translate(_DOUBLED)) - len(digits) * ord("0")) % 10 == 0


class _Concealed:
    """Digits that only `reveal` gives out."""

    __slots__ = ("_digits",)
    _digits: str
    _kind = "secret"

    def __init__(self, digits: str) -> None:
        if not self._valid(digits):
            raise ValueError(f"not a valid {self._kind}")
        object.__setattr__(self, "_digits", digits)

    @staticmethod
    def _valid(digits: str) -> bool:
        raise NotImplementedError

    def reveal(self) -> str:
        """The digits. Call it only where they are sealed, encrypted, or answered in `rawPan` mode."""
        return self._digits

    def _mask(self) -> str:
        return "•••"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {self._kind} is immutable")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mask()})"

    def __str__(self) -> str:
        return self._mask()

    def __format__(self, spec: str) -> str:
        return format(self._mask(), spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {self._kind} is not pickled or copied")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.reveal() == self.reveal()

    def __hash__(self) -> int:
        return hash((type(self), self.reveal()))

    @classmethod
    def _from_input(cls, value: Any) -> _Concealed:
        if isinstance(value, cls):
            return value
        if not isinstance(value, str):
            raise ValueError(f"not a valid {cls._kind}")
        return cls(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._from_input,
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )


class Pan(_Concealed):
    """A primary account number (ISO/IEC 7812): 13 to 19 digits with a valid Luhn check digit."""

    __slots__ = ()
    _kind = "card number"

    @staticmethod
    def _valid(digits: str) -> bool:
        return digits.isascii() and digits.isdigit() and 13 <= len(digits) <= 19 and passes_luhn(digits)

    @property
    def last4(self) -> str:
        """The last four digits, which may be shown."""
        return self.reveal()[-4:]

    def _mask(self) -> str:
        return f"•••• {self.last4}"


class Cvv(_Concealed):
    """A card security code: three or four digits."""

    __slots__ = ()
    _kind = "security code"

    @staticmethod
    def _valid(digits: str) -> bool:
        return digits.isascii() and digits.isdigit() and len(digits) in (3, 4)

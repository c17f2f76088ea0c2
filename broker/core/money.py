"""Money as integers in minor units (ISO 4217), and how a person reads it."""

from __future__ import annotations

import re

# ISO 4217 currencies whose minor unit is not 1/100; every other code has two digits.
_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}


def exponent(currency: str) -> int:
    """Digits after the decimal separator for an ISO 4217 code."""
    return _EXPONENTS.get(currency, 2)


def format_money(amount: int, currency: str) -> str:
    """`amount` in minor units as a person reads it: ``$50.00``, ``¥1,200``, ``CHF 12.50``."""
    digits = exponent(currency)
    whole, fraction = divmod(abs(amount), 10**digits)
    text = f"{whole:,}" + (f".{fraction:0{digits}d}" if digits else "")
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{'-' if amount < 0 else ''}{symbol}{text}"


def typed_money(text: str, currency: str) -> int:
    """Minor units of an amount that a person typed, as ``100``, ``100.00`` or ``100,00``. Raises `ValueError` for anything else."""
    whole, _, fraction = text.strip().replace(",", ".").partition(".")
    digits = exponent(currency)
    if not re.fullmatch(r"[0-9]{1,10}", whole) or not re.fullmatch(rf"[0-9]{{0,{digits}}}", fraction):
        raise ValueError("not an amount")
    return int(whole + fraction.ljust(digits, "0"))


def plain_money(amount: int, currency: str) -> str:
    """`amount` in minor units as `typed_money` reads it."""
    digits = exponent(currency)
    whole, fraction = divmod(amount, 10**digits)
    return str(whole) + (f".{fraction:0{digits}d}" if digits else "")


def tolerance(amount: int, basis_points: int) -> int:
    """How far a real amount may lie above `amount`: basis points of it, rounded down to a minor unit."""
    return amount * basis_points // 10_000

"""Passwords: scrypt (RFC 7914) with a random salt; 32 MiB and about 80 ms a try."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets

MIN_LENGTH = 12
MAX_LENGTH = 200
_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024, "dklen": 32}


async def hash_password(password: str) -> tuple[bytes, bytes]:
    """Salt and hash for a new password."""
    salt = secrets.token_bytes(16)
    return salt, await _scrypt(password, salt)


async def matches(password: str, salt: bytes, expected: bytes) -> bool:
    """Whether `password` is the one, in constant time."""
    return hmac.compare_digest(await _scrypt(password, salt), expected)


async def _scrypt(password: str, salt: bytes) -> bytes:
    return await asyncio.to_thread(lambda: hashlib.scrypt(password.encode(), salt=salt, **_COST))

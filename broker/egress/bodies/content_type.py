"""The Content-Type header of a request (RFC 9110, section 8.3), read strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass

from broker.egress.refusal import body_not_readable
from broker.protocol.processors import MULTIPART

_TYPE = re.compile(r"([a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+)[ \t]*", re.IGNORECASE)
_PARAMETER = re.compile(r';[ \t]*([a-z0-9!#$&^_.+-]+)=(?:"([^"\\\r\n]*)"|([a-z0-9!#$%&\'*+.^_`|~:/-]+))[ \t]*', re.IGNORECASE)
# In these an ASCII digit is always one byte of its own, and no byte of another character looks like one.
_ASCII_CHARSETS = re.compile(r"utf-?8|us-ascii|iso-?8859-(?:[1-9]|1[0-6])|windows-125[0-8]|latin1", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type in lower case with its parameters; parameter names in lower case."""

    media_type: str
    parameters: dict[str, str]

    @classmethod
    def parse(cls, header: str) -> ContentType:
        """Read a header value; raises `RefusedError` (body not readable) when it is malformed or repeats a parameter."""
        match = _TYPE.match(header)
        position = match.end() if match else -1
        parameters: dict[str, str] = {}
        while match and position < len(header):
            parameter = _PARAMETER.match(header, position)
            if parameter is None or parameter[1].lower() in parameters:
                raise body_not_readable()
            parameters[parameter[1].lower()] = parameter[2] if parameter[2] is not None else parameter[3]
            position = parameter.end()
        if match is None:
            raise body_not_readable()
        return cls(match[1].lower(), parameters)

    def require_one_reading(self) -> None:
        """Refuse parameters that no browser sends. Some servers only look for words in the header: for "urlencoded", or "boundary"."""
        known = {"charset", "boundary"} if self.media_type == MULTIPART else {"charset"}
        if not self.parameters.keys() <= known:
            raise body_not_readable()
        self.require_ascii_compatible()

    def require_ascii_compatible(self) -> None:
        """Refuse a character set in which a digit may hide inside another character."""
        if not _ASCII_CHARSETS.fullmatch(self.parameters.get("charset", "utf-8")):
            raise body_not_readable()

"""Request bodies: find the registered fields, put other digits in their place, leave every other byte alone.

In: the body's bytes, its content type and one registry endpoint. Out: where the fields stand
(`locate`), or a body in which only these fields differ (`Located.replaced`): they hold the real digits
and nothing else, whatever a mask had put between them. Bodies are edited by exact span and never
serialised again, so that a signature over the rest, a strange escape or a file survives. Anything that
two parsers could read differently (a name given twice, a stray preamble) is refused.
"""

from broker.egress.bodies.content_type import ContentType
from broker.egress.bodies.located import BodyReader, Located, form_fields, locate, open_body

__all__ = ["BodyReader", "ContentType", "Located", "form_fields", "locate", "open_body"]

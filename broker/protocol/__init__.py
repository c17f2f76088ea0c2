"""The one source of messages: pydantic models, the outcome table, what is signed and what is sealed.

In: nothing. Out: models for every message that crosses a process boundary; `schema` turns them
into JSON Schema, from which the extension's TypeScript types are generated. PROTOCOL.md tells the
story in words. No I/O here.
"""

"""MCP for agents: three tools on top of the Python client, in a process of its own.

Comes in: tool calls over stdio, or over streamable HTTP on loopback with a bearer token. Goes out:
words, ids, last four digits. No tool answers a card number or a token that can be redeemed, and none
approves: a person or a standing rule does. Needs the extra ``ledgeros[mcp]``.
"""

from broker.mcp.server import serve_http, serve_stdio

__all__ = ["serve_http", "serve_stdio"]

"""The page kit: one look for every server-made page.

In: templates of the rooms that have pages, values. Out: HTML responses with a strict content
security policy, and the static files. Works without JavaScript; knows nothing of cards or releases.
"""

from broker.webui.pages import PAGE_HEADERS, Pages, static_routes

__all__ = ["PAGE_HEADERS", "Pages", "static_routes"]

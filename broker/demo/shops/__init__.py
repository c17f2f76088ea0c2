"""The demo's merchants and their processors: one process, one port, one host name for each of them.

In: `ShopSettings` (where LedgerOS is, an acquirer's key). Out: pages, and payments that LedgerOS
authorises. The kinds differ in how a page hands the number on; `kinds.py` names them.
"""

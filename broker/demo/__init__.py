"""The demo: a shop, an agent and a person around the real LedgerOS, broker, browser and extension.

In: nothing but a free state folder. Out: a story told step by step, two closing lines that were
measured, screenshots and logs. `shop` and `agent` are processes of their own; secrets reach them
over standard input, never by argument or environment.
"""

"""The command ``ledgeros``: one file per noun, every list also as ``--json``.

In: arguments and a state folder. Out: exit status 0, or 1 with at most three lines that say what
went wrong and what to do. Holds no logic: each command calls one function of the package it is about.
"""

from broker.cli.root import main

__all__ = ["main"]

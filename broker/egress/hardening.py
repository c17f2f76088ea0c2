"""What the process does to itself before it holds a number: no core dumps, no debugger of the same user, no hints from the environment."""

from __future__ import annotations

import ctypes
import os
import resource
import sys

_PR_SET_DUMPABLE = 4  # prctl(2)
# Each would let whoever set the environment see or redirect what this process sends.
_UNWANTED = (
    "SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy",
    "https_proxy", "all_proxy", "NETRC",
)  # fmt: skip


def harden() -> None:
    """Apply all of it; call first in `main`. On Linux other processes of the user then cannot read this one's memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in _UNWANTED:
        os.environ.pop(name, None)
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE) failed")

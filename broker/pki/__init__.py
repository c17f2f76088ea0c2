"""Certificates: one private CA, short-lived P-256 leaves, TLS 1.3 contexts, and who a peer is.

In: a folder and a role. Out: PEM files with owner-only permissions, ``ssl.SSLContext`` objects and
peer identities read from a verified certificate. `certs/README.md` is the operator's manual.
"""

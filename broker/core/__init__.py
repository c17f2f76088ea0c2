"""Shared vocabulary: card numbers that hide themselves, money, ids, time, canonical bytes, errors.

In: plain values. Out: small immutable types that every other package builds on.
Nothing here opens a socket or knows what a broker is; README.md names what touches the machine.
"""

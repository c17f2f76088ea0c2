"""The native messaging host: a pipe between the browser's stdio and the broker's channel listener.

In: frames from the extension on stdin. Out: the same bytes over mutual TLS to the broker, and the
broker's frames back on stdout. It reads no message, holds no secret but its client key, and uses the
standard library only, so that it answers within some 15 ms of being started.
"""

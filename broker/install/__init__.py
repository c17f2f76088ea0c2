"""What an installation consists of on disk, and how a browser is told about it.

In: a state folder. Out: certificates and identities in it, the paths of every part, the native
messaging host's manifest where a browser looks for it. Starts no server and opens no database.
"""

"""Stand-ins for card numbers: drawn for one release, kept to recognise them, worth nothing.

In: a redeem in surrogate mode. Out: what the page is to hold, and, when somebody charges a stand-in, of
which release it was. A stand-in authorises nothing, so it is not secret; the real number never comes here.
"""

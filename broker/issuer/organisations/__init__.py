"""An organisation: its API keys and its settings.

In: a signed-in person's choices. Out: keys (shown once, stored hashed) and the rules that the other
resources ask for: which approval a release needs, whether numbers may be answered at all.
"""

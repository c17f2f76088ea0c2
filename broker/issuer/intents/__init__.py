"""Intents: what an agent means to buy, said before there is a token, so that approval can come first.

In: an agent's or back end's intent for one card. Out: an intent that a broker introspects, that card
details must fit, and whose decision the redeem checks. Approving by API is for back ends; what opens
a card is the person's or rule's decision alone.
"""

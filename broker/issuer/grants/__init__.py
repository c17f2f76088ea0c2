"""Standing rules and actions of regret: made by a person in a browser, verified, kept, counted and revoked here.

In: an enrolled broker's `SignedGrant` and `SignedAction`. Out: grants in force for facts and redeem
(`services`), a use counted by one conditional write (`uses`), and state changes with their events.
"""

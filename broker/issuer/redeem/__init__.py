"""Spending a token: introspection, the decision's verification, the burn, the window, the seal.

In: an enrolled broker's `Introspect`, `Redeem` and `ReportOutcome`. Out: signed facts; for a valid
decision one authorisation window and credentials sealed to the device that signed it, or in surrogate mode
to an enrolled egress with a stand-in for the page; whose word a denial is; receipts, and their offline verification.
The redeem path is plain SQL in one write job; signatures are checked before it, sealing happens after.
"""

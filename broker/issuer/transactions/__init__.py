"""The card network of the sandbox: authorise, clear, reverse; spend and attestation.

In: an acquirer's simulated messages with a card number. Out: transactions with a status, a decline
reason and whether a recent access event attests them.
"""

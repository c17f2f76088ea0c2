"""Card details: the access event, and for an `extensionOnly` card the single-use `detailsToken`.

In: ``POST /v1/cards/{id}/details``. Out: a token that only an enrolled broker with a person's
decision can spend within 120 seconds; every request, granted or denied, is an access event.
"""

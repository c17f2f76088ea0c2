"""Users fund card spending: an application, its KYC page, the user's balance.

In: ``POST /v1/applications/user/initiate`` and what the applicant decides on the linked page. Out:
`applicationStatus`, without ``approved`` none of the user's agents can use a card.
"""

"""The dashboard and the KYC page: what people see of LedgerOS.

In: a browser, a session cookie, forms with a CSRF token. Out: HTML that works without JavaScript,
and calls of the same services that the API uses. There is no default password: the owner is made
by a one-time link (`broker.issuer.admin.create_setup_link`).
"""

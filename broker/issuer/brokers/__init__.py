"""Who may redeem and who may approve: enrolled brokers, browsers (devices), passkeys and egress keys.

In: codes that a signed-in person creates in the dashboard, and the keys that come with them over
mutual TLS. Out: enrolments, listed and revoked, effective at the next call. A broker cannot enrol
anything by itself: what it forwards is proven by a code it never sees.
"""

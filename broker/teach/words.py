"""The words that names in payment requests are made of, and what each tells. In lower case and the singular."""

from __future__ import annotations

ACCOUNT = frozenset({
    "account", "acct", "merchant", "mid", "shop", "store", "storefront", "vendor", "seller", "publishable", "public", "api", "apikey",
    "key", "site", "tenant", "partner", "environment", "terminal", "profile", "app", "application", "gateway",
})  # fmt: skip
"""Of what a shop has at its processor, the same for all its customers."""

VISIT = frozenset({
    "session", "sid", "order", "cart", "basket", "checkout", "payment", "intent", "setup", "invoice", "transaction", "txn", "reference",
    "time", "date", "device", "visitor", "visit", "state", "guid", "uuid", "attempt", "event", "customer", "user",
})  # fmt: skip
"""Of what belongs to one customer or one purchase."""

SURELY_VISIT = frozenset({
    "idempotency", "idempotence", "nonce", "csrf", "xsrf", "request", "correlation", "trace", "span", "timestamp", "signature", "hmac",
    "fingerprint", "captcha", "recaptcha", "secret", "authenticity",
})  # fmt: skip
"""The same, whatever stands beside them: nobody names an account so, even where the name says "key"."""

CREDENTIAL = frozenset({"auth", "authorization", "authentication", "token", "credential", "client"})
"""Of either."""

WEAK = CREDENTIAL | {"access", "id", "identifier", "name", "number", "code", "value"}
"""Of anything: where a field has no other word, the one around it tells."""

NEUTRAL = frozenset({
    "version", "info", "sdk", "locale", "language", "platform", "agent", "type", "currency", "country", "url", "referrer", "timezone",
    "amount",
})  # fmt: skip
"""Of what says nothing about who is paid."""

OPERATION = frozenset({
    "route", "action", "act", "do", "task", "method", "operation", "op", "command", "cmd", "function", "fn", "rpc", "ajax", "controller",
    "handler", "module", "page", "view",
})  # fmt: skip
"""Of what is done, where one address does several things."""

KNOWN = ACCOUNT | VISIT | SURELY_VISIT | WEAK | NEUTRAL

ACCOUNT_PREFIX = frozenset({"acct", "acc", "mer", "merchant", "mid", "shop", "store", "pk", "pub", "key", "org", "tenant", "partner"})
"""What comes before the first ``_`` of a value that names an account."""

VISIT_PREFIX = frozenset({
    "ord", "order", "cart", "cs", "pi", "seti", "ch", "tx", "txn", "pay", "inv", "sess", "ses", "chk", "bas", "req", "src", "tok", "pm",
})  # fmt: skip

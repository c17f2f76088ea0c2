"""Rules as pure functions that name themselves: facts in, a verdict out, nothing kept.

`grants` says whether a standing rule decides in a person's place (LedgerOS asks it at redeem, the
broker to know whether a person is needed at all). `rules` and `rate` are what the broker itself
refuses. Seam: per-merchant limits are further functions that answer a `Verdict`.
"""

from broker.policy.grants import Coverage, Payment, covers, first_covering, local_day
from broker.policy.rate import Bucket, Rate
from broker.policy.rules import (
    ALLOWED,
    Verdict,
    cool_down_after_denials,
    one_pending_per_card,
    pause_after_withdrawals,
    somebody_can_be_asked,
)

__all__ = [
    "ALLOWED",
    "Bucket",
    "Coverage",
    "Payment",
    "Rate",
    "Verdict",
    "cool_down_after_denials",
    "covers",
    "first_covering",
    "local_day",
    "one_pending_per_card",
    "pause_after_withdrawals",
    "somebody_can_be_asked",
]

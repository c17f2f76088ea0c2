"""Rules as pure functions that name themselves: facts in, a verdict out, nothing kept.

Which approval a release needs is LedgerOS's and the extension's business; here is what the broker
itself refuses. Seam: grants (standing rules signed by a passkey), the queue's cool-down after
denials and per-merchant limits are further functions that answer a `Verdict`.
"""

from broker.policy.rate import Bucket, Rate
from broker.policy.rules import ALLOWED, Verdict, one_pending_per_card

__all__ = ["ALLOWED", "Bucket", "Rate", "Verdict", "one_pending_per_card"]

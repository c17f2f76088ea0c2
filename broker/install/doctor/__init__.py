"""``ledgeros doctor``: what is wrong with an installation, and the one command or click that mends it.

In: a `Machine`. Out: findings. Changes nothing. One check a file; each is a function ``check(machine)``.
"""

from broker.install.doctor.finding import Finding, Machine, Port
from broker.install.doctor.rounds import CHECKS, diagnose

__all__ = ["CHECKS", "Finding", "Machine", "Port", "diagnose"]

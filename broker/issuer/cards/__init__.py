"""Cards: issued numbers, encrypted at rest, with limits, a status and an exposure mode.

In: the back end's calls. Out: cards as brand and last four. A number leaves this package only to be
sealed to an enrolled key (`redeem`) or, where a person allowed it, in a `rawPan` answer (`details`).
"""

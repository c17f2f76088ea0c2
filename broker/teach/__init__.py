"""``ledgeros teach``: a person pays once with a number that is worth nothing, and says which request carried it."""

from broker.teach.lesson import Lesson, Talk, teach

__all__ = ["Lesson", "Talk", "teach"]

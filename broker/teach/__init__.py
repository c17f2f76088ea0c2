"""``ledgeros teach``: a person pays once with a number that is worth nothing, and says which request carried it."""

from broker.teach.lesson import Lesson, Talk, forget, teach

__all__ = ["Lesson", "Talk", "forget", "teach"]

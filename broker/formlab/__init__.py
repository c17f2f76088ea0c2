"""The form lab: how well the extension understands checkout forms, measured in a real Chromium.

In: a folder with ``labels.jsonl`` and ``pages/``. Out: what the built extension would fill, by control index,
scores per type, per page and per family, and times beside the floor. Knows nothing of cards or releases.
"""

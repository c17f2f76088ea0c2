"""What the person is told of a request, and asked about it."""

from __future__ import annotations

from broker.core.origin import registrable_domain
from broker.core.text import plain_text
from broker.protocol.processors import Account, TaughtEndpoint
from broker.teach.parts import Part

QUESTION = "Is this the shop's payment, and may the real number go there from now on?"
_LONGEST = 40
_PLACES = {"header": "header", "query": "query parameter", "field": "field", "path": "part of the address"}


def describe(entry: TaughtEndpoint) -> list[str]:
    """What the person is asked about, line by line."""
    lines = [
        f"The number is sent to:  {entry.host}",
        f"  from pages of         {entry.origin}",
        f"  request               {entry.method} {entry.path} ({entry.content_type})",
        f"  number in field       {entry.fields.number}",
        f"  security code in      {entry.fields.security_code or 'no field'}",
    ]
    if entry.graphql_field:
        lines.append(f"  as an argument of     {entry.graphql_field}")
    lines += [f"  only where            {_account(place)}" for place in entry.operation]
    lines += [f"  only at the account   {_account(account)}" for account in entry.accounts]
    for what, names in (("in a frame of", entry.frame_hosts), ("query", _others(entry, "query")), ("headers", _others(entry, "header"))):
        if names:
            lines.append(f"  {what:<22}{', '.join(names)}")
    return lines


def warnings(entry: TaughtEndpoint) -> list[str]:
    """What must not be overlooked before the answer."""
    page, there = registrable_domain(entry.origin), registrable_domain(f"https://{entry.host}")
    if page == there:
        return []
    found = [f"{there} is another site than the shop's, {page}. Confirm it only if you know that this shop is paid through it."]
    if not entry.accounts:
        found.append(f"Nothing in this request names the shop's account at {there}, so another account there cannot be told from it.")
    return found


def question(part: Part) -> str:
    """Whether a part that tells nothing by itself is another one the next time."""
    name = "" if part.where == "path" else f" {part.name}"
    return (
        f"The {_PLACES[part.where]}{name} is “{_short(part.value)}”. Will it be another one at the next purchase?"
        " If you do not know, answer no: another one is then refused."
    )


def _account(account: Account) -> str:
    name = "" if account.where == "path" else f" {account.name}"
    return f"{_PLACES[account.where]}{name} = {_short(account.value or '')}"


def _others(entry: TaughtEndpoint, where: str) -> list[str]:
    """The names that may hold anything."""
    compared = {place.name for place in (*entry.accounts, *entry.operation) if place.where == where}
    return [name for name in (entry.query if where == "query" else entry.headers) if name not in compared]


def _short(value: str) -> str:
    shown = plain_text(value, len(value) + 1)  # the page wrote it, and a terminal obeys what is written to it
    return shown if len(shown) <= _LONGEST else f"{shown[:24]}…{shown[-8:]}"

"""The keys of a receipt at the command line: given by the verifier, or the receipt's own, and what follows from that.

minisign verifies under a key that one has, sigstore for an identity that one names; neither takes them from what is verified, and
sigstore's policy that asks for none calls itself unsafe. So here: without the keys the command fails, and `--trust-embedded-keys`
says in its name, and in amber, what is given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from broker.cli.output import say
from broker.core.errors import LedgerError

if TYPE_CHECKING:
    from broker.issuer.redeem.keys_given import Holder, Key

_WHERE = {
    "issuer": "the extension's options page, the dashboard, or ledgeros issuer key",
    "device": "the extension's options page, or ledgeros devices list",
    "passkey": "the extension's options page, or ledgeros passkeys list",
}
_NAMES = {"issuer": "LedgerOS's key", "device": "the browser's key", "passkey": "the passkey's key"}
_TITLES = {"issuer": "LedgerOS's key", "device": "Browser's key", "passkey": "Passkey's key"}


def _option(words: str) -> Any:
    return typer.Option(help=words, metavar="KEY", show_default=False)


IssuerKey = Annotated[str | None, _option(f"LedgerOS's key or key id that you trust; shown by {_WHERE['issuer']}.")]
DeviceKey = Annotated[str | None, _option(f"The browser's signing key or key id that you trust; shown by {_WHERE['device']}.")]
PasskeyKey = Annotated[str | None, _option(f"The passkey's public key or key id that you trust; shown by {_WHERE['passkey']}.")]
TrustEmbedded = Annotated[
    bool,
    typer.Option("--trust-embedded-keys", help="Use the receipt's own keys for those not given: it can then be consistent, never proof."),
]


def given(holder: Holder, text: str | None) -> bytes | None:
    """The bytes of a key, or of a key id, as it was typed; `LedgerError` when it can be neither."""
    from broker.core.canonical import unb64u
    from broker.protocol.sealing import KEY_ID_BYTES

    if text is None:
        return None
    try:
        key = unb64u(text)
    except ValueError:
        key = b""
    # A passkey's COSE key has the length of its kind; the others are raw Ed25519.
    if len(key) not in (KEY_ID_BYTES, 32) and (holder != "passkey" or len(key) < 32):
        hint = f"It is base64url, as shown by {_WHERE[holder]}."
        raise LedgerError(400, "bad_key", f"--{holder}-key is neither a public key nor a key id.", hint)
    return key


def key_lines(keys: Sequence[Key]) -> list[tuple[str, str]]:
    """Each key by its id, and whose word it is."""
    return [(_TITLES[key.holder], f"{key.id}, {'as you gave it' if key.given else 'named by the receipt itself'}") for key in keys]


def key_members(keys: Sequence[Key]) -> dict[str, dict[str, Any]]:
    """The same for machines, with the whole keys."""
    from broker.core.canonical import b64u

    return {key.holder: {"id": key.id, "publicKey": b64u(key.public), "given": key.given} for key in keys}


def conclude(keys: Sequence[Key], *, trust_embedded: bool, quiet: bool) -> None:
    """Say what the signatures prove under these keys; `LedgerError` when some are the receipt's own and nobody accepted that."""
    own = [key.holder for key in keys if not key.given]
    if own and not trust_embedded:
        options = ", ".join(f"--{holder}-key" for holder in own)
        raise LedgerError(
            403, "keys_not_given", f"The receipt agrees with itself, and that proves nothing: {_listed(own)} in it may be anybody's.",
            f"Give {options}, whole or by key id, from where you trust; or accept the receipt's own: --trust-embedded-keys.",
        )  # fmt: skip
    if quiet:
        return
    if own:
        who, (was, it) = "anybody" if "issuer" in own else "LedgerOS alone", ("was", "it") if len(own) == 1 else ("were", "they")
        say(
            f"[yellow]![/yellow] Consistent, but {_listed(own)} {was} taken from the receipt itself. What {it} signed, {who} can have made."
        )
        return
    say("[green]✓[/green] Every signature holds, each under a key that you gave.")
    if all(key.holder != "passkey" for key in keys):
        say("[yellow]![/yellow] No passkey signed: it proves the browser, not who sat at it.")


def _listed(holders: Sequence[Holder]) -> str:
    names = [_NAMES[holder] for holder in holders]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

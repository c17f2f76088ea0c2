"""``ledgeros install`` and ``ledgeros uninstall``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from broker.cli.output import errors, say, show_json
from broker.cli.state import AsJson, as_typed, folder
from broker.core.errors import LedgerError

if TYPE_CHECKING:
    from broker.install.installer import Record
    from broker.install.layout import StateFolder
    from broker.install.registry import HostRegistry

_PAGES = {"chromium": "chrome://extensions", "chrome": "chrome://extensions", "edge": "edge://extensions", "brave": "brave://extensions"}

Browsers = Annotated[list[str] | None, typer.Option("--browser", help="chromium, chrome, edge or brave; may be repeated.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("install")(install)
    app.command("uninstall")(uninstall)


def install(context: typer.Context, browser: Browsers = None, as_json: AsJson = False) -> None:
    """Tell your browsers of the broker and say how to load the extension. Needs no root.

    Without --browser: every known browser that you have used on this machine. May be repeated, for example after an upgrade.
    """
    from broker.install import installer
    from broker.install.extension_build import ready_extension

    state = folder(context)
    registry = _registry(state)
    browsers = _chosen(browser, registry)  # refused before anything is built
    extension = ready_extension(lambda text: errors.print(f"[dim]{text}[/dim]"))
    record = installer.install(state, registry, browsers, extension)
    target = installer.installed_extension(state)
    if as_json:
        show_json({"browsers": list(record.browsers), "extension": str(target), "record": str(installer.record_file(state))})
        return
    _show(state, record, target)


def uninstall(context: typer.Context, as_json: AsJson = False) -> None:
    """Remove exactly what `install` added. Certificates, databases and keys stay."""
    from broker.install import installer

    state = folder(context)
    removal = installer.uninstall(state, _registry(state))
    if as_json:
        show_json({"removed": list(removal.removed), "kept": list(removal.kept)})
    else:
        say(f"Removed {len(removal.removed)} files and folders." if removal.removed else "Nothing was installed.")
    for place in removal.kept:
        errors.print(f"[yellow]![/yellow] Changed since, so it stays: {escape(place)}", soft_wrap=True)
    if removal.kept:
        raise LedgerError(409, "changed_since", "Not everything was removed.", "Look at what stays, and remove it by hand.")


def _registry(state: StateFolder) -> HostRegistry:
    from broker.install.registry import host_registry

    return host_registry(Path.home(), state.host)


def _chosen(browsers: list[str] | None, registry: HostRegistry) -> list[str]:
    from broker.install.native_messaging import BROWSERS

    unknown = sorted(set(browsers or []) - set(BROWSERS))
    if unknown:
        raise LedgerError(400, "unknown_browser", "A browser that was named is not supported.", f"Choose from: {', '.join(BROWSERS)}.")
    chosen = list(dict.fromkeys(browsers or registry.present()))
    if not chosen:
        hint = "Start your browser once, or name it: ledgeros install --browser chromium"
        raise LedgerError(404, "no_browser", "No Chromium, Chrome, Edge or Brave was used here yet.", hint)
    return chosen


def _show(state: StateFolder, record: Record, extension: Path) -> None:
    for browser in record.browsers:
        say(f"[green]✓[/green] {browser.capitalize()} knows the broker")
    say("\nOne click is left, which browsers demand of a person:")
    for page in dict.fromkeys(_PAGES[browser] for browser in record.browsers):
        say(f"  1. Open [bold]{page}[/bold] and switch on Developer mode")
    say("  2. Click “Load unpacked” and choose this folder (after an upgrade: click Reload instead)")
    typer.echo(f"     {extension}")
    pair, doctor = (escape(as_typed(state, command)) for command in ("ledgeros pair", "ledgeros doctor"))
    say(f"\nThen: [bold]{pair}[/bold]. If something does not work: [bold]{doctor}[/bold]")

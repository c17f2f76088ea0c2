"""``ledgeros install`` and ``ledgeros uninstall``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
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

Profiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--profile", file_okay=False, metavar="DIR",
        help="A browser's user-data folder, for one that was started with --user-data-dir; may be repeated.",
    ),
]  # fmt: skip
Browsers = Annotated[list[str] | None, typer.Option("--browser", metavar="NAME", help="chromium, chrome, edge or brave; may be repeated.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("install")(install)
    app.command("uninstall")(uninstall)


def install(context: typer.Context, browser: Browsers = None, profile: Profiles = None, as_json: AsJson = False) -> None:
    """Tell your browsers of the broker and say how to load the extension. Needs no root.

    Without --browser and --profile: every known browser that you have used on this machine, and the profiles that were named before.
    May be repeated, for example after an upgrade.
    """
    from broker.install import installer
    from broker.install.extension_build import ready_extension

    state = folder(context)
    registry = _registry(state)
    # Refused before anything is built.
    browsers = [*_known(browser), *_profiles(profile)] or _usual(registry, installer.read_record(state).browsers)
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


def _known(browsers: list[str] | None) -> list[str]:
    from broker.install.native_messaging import BROWSERS

    if set(browsers or []) - set(BROWSERS):
        raise LedgerError(400, "unknown_browser", "A browser that was named is not supported.", f"Choose from: {', '.join(BROWSERS)}.")
    return list(dict.fromkeys(browsers or []))


def _profiles(folders: list[Path] | None) -> list[str]:
    if folders and sys.platform == "win32":
        hint = "There a browser is told for all its profiles: ledgeros install --browser chrome"
        raise LedgerError(400, "no_profiles", "On Windows --profile is not needed.", hint)
    chosen = [folder.expanduser().resolve() for folder in folders or []]
    if any((folder / "Preferences").exists() and (folder.parent / "Local State").exists() for folder in chosen):
        hint = "Name the folder above it, as --user-data-dir names it."
        raise LedgerError(400, "inner_profile", "That is a profile inside a user-data folder.", hint)
    return list(dict.fromkeys(map(str, chosen)))


def _usual(registry: HostRegistry, told: Sequence[str]) -> list[str]:
    """The browsers that were used here, and the profiles that were named before and are still there."""
    chosen = [*registry.present(), *(browser for browser in told if Path(browser).is_absolute() and Path(browser).is_dir())]
    if not chosen:
        hint = "Start your browser once, or name it: ledgeros install --browser chromium"
        raise LedgerError(404, "no_browser", "No Chromium, Chrome, Edge or Brave was used here yet.", hint)
    return chosen


def _show(state: StateFolder, record: Record, extension: Path) -> None:
    from broker.install.native_messaging import spoken_name

    for browser in record.browsers:
        say(f"[green]✓[/green] {escape(spoken_name(browser))} knows the broker")
    say("\nOne click is left, which browsers demand of a person:")
    for page in dict.fromkeys(_PAGES.get(browser, _PAGES["chromium"]) for browser in record.browsers):
        say(f"  1. Open [bold]{page}[/bold] and switch on Developer mode")
    say("  2. Click “Load unpacked” and choose this folder (after an upgrade: click Reload instead)")
    typer.echo(f"     {extension}")
    pair, doctor = (escape(as_typed(state, command)) for command in ("ledgeros pair", "ledgeros doctor"))
    say(f"\nThen: [bold]{pair}[/bold]. If something does not work: [bold]{doctor}[/bold]")

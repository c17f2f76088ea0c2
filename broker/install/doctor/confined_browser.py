"""A browser from snap or flatpak runs in a sandbox that starts no native messaging host of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from broker.install.doctor.finding import Finding, Machine

NAME = "confined-browser"


@dataclass(frozen=True, slots=True)
class _Known:
    browser: str
    snap: str
    flatpak: str
    ordinary: tuple[str, ...]


_BROWSERS = (
    _Known("Chromium", "chromium", "org.chromium.Chromium", ("chromium", "chromium-browser")),
    _Known("Chrome", "", "com.google.Chrome", ("google-chrome", "google-chrome-stable")),
    _Known("Edge", "", "com.microsoft.Edge", ("microsoft-edge", "microsoft-edge-stable")),
    _Known("Brave", "brave", "com.brave.Browser", ("brave-browser",)),
)


def check(machine: Machine) -> Iterator[Finding]:
    """A browser that exists only in a confined form is named."""
    for known in _BROWSERS:
        kind = _confined(machine, known)
        if kind is not None and not any((machine.root / "usr/bin" / name).exists() for name in known.ordinary):
            what = f"{known.browser} is installed as a {kind}: its sandbox does not let the extension reach the broker."
            yield Finding(NAME, what, f"Install {known.browser} from its .deb or .rpm package.")


def _confined(machine: Machine, known: _Known) -> str | None:
    if known.snap and (machine.root / "snap/bin" / known.snap).exists():
        return "snap"
    shared, own = machine.root / "var/lib/flatpak/app", machine.home / ".local/share/flatpak/app"
    return "flatpak" if any((folder / known.flatpak).exists() for folder in (shared, own)) else None

"""Puts the built extension into the wheel; everything else is in pyproject.toml. Make the wheel with ``ledgeros wheel``."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

EXTENSION = Path("extension")
BUILT = EXTENSION / ".output" / "chrome-mv3"


class BuildWithExtension(build_py):
    """A wheel without the extension would install and then not work: refused."""

    def run(self) -> None:
        """Build the Python package, then copy the extension beside it."""
        super().run()
        if self.editable_mode:  # a clone builds the extension itself
            return
        if not (BUILT / "manifest.json").exists():
            raise SystemExit("The extension is not built. Run ./ledgeros wheel, which builds it first.")
        target = Path(self.build_lib) / "broker" / "_extension"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(BUILT, target / BUILT.name)
        shutil.copy(EXTENSION / "extension-id.txt", target)


setup(cmdclass={"build_py": BuildWithExtension})

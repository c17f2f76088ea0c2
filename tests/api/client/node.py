"""The TypeScript client as npm would install it: built by tsc, found by its name."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import playwright

from broker.install.extension_build import extension_folder, install_packages

SOURCES = Path(__file__).resolve().parents[3] / "broker" / "client" / "typescript"
NODE = Path(sys.prefix) / "bin" / "node"


def build_client(folder: Path) -> None:
    """Build into `folder`/node_modules/@ledgeros/client, Playwright beside it; the compiler and Node's types are the extension's."""
    install_packages(lambda _: None)
    package = folder / "node_modules" / "@ledgeros" / "client"
    package.mkdir(parents=True)
    (package / "package.json").write_text((SOURCES / "package.json").read_text())
    compile_typescript(folder, "-p", str(SOURCES), "--outDir", str(package / "dist"))
    driver = Path(playwright.__file__).parent / "driver" / "package"  # Playwright for Python brings Node's package
    (folder / "node_modules" / "playwright-core").symlink_to(driver)


def compile_typescript(folder: Path, *arguments: str) -> None:
    """Run tsc in `folder`; fails with what it says."""
    modules = extension_folder() / "node_modules"
    compiler = [str(NODE), str(modules / "typescript" / "bin" / "tsc"), "--typeRoots", str(modules / "@types")]
    done = subprocess.run([*compiler, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


async def run_node(script: Path, *arguments: str, seconds: float = 60) -> str:
    """What `script` prints; fails with its errors when it exits with anything but 0."""
    process = await asyncio.create_subprocess_exec(
        str(NODE), str(script), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        printed, complaints = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, complaints.decode()
    return printed.decode()

"""Another extension of the same browser: it cannot message ours, read its pages, or start its native messaging host."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from broker.native_host.launcher import HOST_NAME
from tests.browser.extension.conftest import EXTENSION_ID, chromium
from tests.browser.extension.peer import Peer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.xdist_group("adversary-chromium")]

ATTACK = """async ([id, host]) => {
  const said = () => chrome.runtime.lastError?.message ?? "refused";
  const message = (target) => new Promise((done) => {
    chrome.runtime.sendMessage(target, { name: "approve" }, (answer) => done(answer ?? said()));
  });
  const port = (open) => new Promise((done) => {
    const line = open();
    line.onMessage.addListener(() => done("answered"));
    line.onDisconnect.addListener(() => done(said()));
    setTimeout(() => done("silence"), 3000);
  });
  return {
    message: await message(id),
    port: await port(() => chrome.runtime.connect(id, { name: "page" })),
    page: await fetch(`chrome-extension://${id}/popup.html`).then(() => "answered", () => "refused"),
    host: await port(() => chrome.runtime.connectNative(host)),
  };
}"""


async def test_another_extension_reaches_neither_ours_nor_its_native_host(
    built_extension: Path, enrolled: tuple[Path, Peer], shop_origin: str, tmp_path: Path
) -> None:
    profile, known = enrolled
    shutil.copytree(profile, tmp_path / "profile", ignore=shutil.ignore_patterns("Singleton*", "Cache", "Code Cache", "GPUCache"))
    other = tmp_path / "other"
    other.mkdir()
    manifest = {
        "manifest_version": 3, "name": "Other", "version": "1", "permissions": ["nativeMessaging", "tabs", "management"],
        "host_permissions": ["<all_urls>"], "background": {"service_worker": "other.js"},
    }  # fmt: skip
    (other / "manifest.json").write_text(json.dumps(manifest))
    (other / "other.js").write_text("chrome.runtime.onMessageExternal.addListener((m, s, answer) => answer('heard'));")
    peer = Peer(tmp_path, known)
    await peer.start()
    async with chromium(Path(f"{built_extension},{other}"), tmp_path / "profile", peer, shop_origin) as browser:
        workers = browser.context.service_workers
        intruder = next((w for w in workers if EXTENSION_ID not in w.url), None)
        while intruder is None:
            worker = await browser.context.wait_for_event("serviceworker")
            intruder = None if EXTENSION_ID in worker.url else worker
        answers = await intruder.evaluate(ATTACK, [EXTENSION_ID, HOST_NAME])
        await asyncio.wait_for(peer.online.wait(), 30)  # ours works meanwhile
        popup = await browser.popup()
        # The spy hears an extension that does listen: the intruder itself.
        own = intruder.url.split("/")[2]
        heard = await popup.evaluate("(id) => new Promise((done) => chrome.runtime.sendMessage(id, {}, done))", own)
    await peer.stop()
    assert "answered" not in answers.values()
    assert "silence" not in answers.values()
    assert "Receiving end does not exist" in answers["message"]
    assert "forbidden" in answers["host"]
    assert heard == "heard"

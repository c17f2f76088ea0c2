"""Hands that type a card into the browser of a lesson.

Nobody else can drive that browser: it has no debugging port. So the demo's person types by a small extension of their own, which is
loaded into it and knows the card once it lies in its folder.
"""

from __future__ import annotations

import json
from pathlib import Path

from broker.protocol.surrogate import Surrogate

_CARD = "card.json"

_MANIFEST = {
    "manifest_version": 3,
    "name": "Hands",
    "version": "1",
    "background": {"service_worker": "memory.js"},
    "content_scripts": [{"matches": ["https://*.localhost/*"], "js": ["hands.js"], "all_frames": True}],
}

# Tells every document the card when there is one, and the page when something was typed.
_MEMORY = """
let typed;
const anything = new Promise((done) => { typed = done; });
async function card() {
  for (;;) {
    const found = await fetch(chrome.runtime.getURL("card.json")).then((answer) => answer.json()).catch(() => null);
    if (found) return found;
    await new Promise((done) => setTimeout(done, 100));
  }
}
chrome.runtime.onMessage.addListener((message, sender, answer) => {
  if (message === "typed") typed();
  else (message === "card" ? card() : anything).then(answer, () => answer(null));
  return message !== "typed";
});
"""

_HANDS = """
const field = (token) => document.querySelector(`input[autocomplete=${token}]`);
function type(token, text) {
  const input = field(token);
  if (!input) return;
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
async function fill() {
  const card = await chrome.runtime.sendMessage("card");
  type("cc-number", card.number);
  type("cc-exp", "12/34");
  type("cc-csc", card.code);
  type("cc-name", "Ada Owner");
  await chrome.runtime.sendMessage("typed");
}
async function pay() {
  await chrome.runtime.sendMessage("when typed");
  [...document.querySelectorAll("button")].find(({ textContent }) => textContent.startsWith("Pay")).click();
}
if (field("cc-number")) void fill();
if (self === top && location.pathname === "/checkout") void pay();
"""


def hands(folder: Path) -> Path:
    """Write the extension into `folder`, which is made; the folder, to be loaded."""
    folder.mkdir(mode=0o700)
    (folder / "manifest.json").write_text(json.dumps(_MANIFEST))
    (folder / "memory.js").write_text(_MEMORY)
    (folder / "hands.js").write_text(_HANDS)
    return folder


def type_card(folder: Path, card: Surrogate) -> None:
    """Let them type this card and press Pay."""
    being_written = folder / f"{_CARD}.new"
    being_written.write_text(json.dumps({"number": card.number, "code": card.security_code}))
    being_written.rename(folder / _CARD)

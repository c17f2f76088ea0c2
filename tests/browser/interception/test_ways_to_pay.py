"""However a page sends its payment, the merchant gets the real card and the page the merchant's answer."""

from __future__ import annotations

import json

import pytest

from tests.browser.extension.peer import PAN
from tests.browser.interception.world import Paying

WAYS = {
    "fetch of JSON": """async () => (await fetch("/pay", { method: "POST", headers: { "content-type": "application/json" },
        body: JSON.stringify({ card: { number: number() } }) })).text()""",
    "fetch of a form": """async () => (await fetch("/pay", { method: "POST", body: new URLSearchParams({ number: number() }) })).text()""",
    "fetch of a multipart form": """async () => { const form = new FormData(); form.append("number", number());
        form.append("file", new File([new Uint8Array([0, 255, 128])], "a.bin"));
        return (await fetch("/pay", { method: "POST", body: form })).text(); }""",
    "fetch of a Blob": """async () => (await fetch("/pay", { method: "POST", body: new Blob(["n=", number()]) })).text()""",
    "fetch of 300 KB": """async () => (await fetch("/pay", { method: "POST", body: number() + " ".repeat(300_000) })).text()""",
    "fetch with the number spaced": """async () => (await fetch("/pay", { method: "POST",
        body: new URLSearchParams({ number: number().replace(/(.{4})(?!$)/g, "$1 ") }) })).text()""",
    "XMLHttpRequest": """() => new Promise((done) => { const request = new XMLHttpRequest(); request.open("POST", "/pay");
        request.onload = () => done(request.responseText); request.send("number=" + number()); })""",
    "fetch to another origin": """async () => (await fetch(location.origin.replace("shop.", "pay.") + "/pay",
        { method: "POST", headers: { "x-shop": "1" }, body: number() })).text()""",
    "a dedicated worker": """() => new Promise((done) => { const worker = new Worker("/worker.js");
        worker.onmessage = ({ data }) => done(data); worker.postMessage(number()); })""",
    "a worker made from a Blob": """() => new Promise((done) => { const code = `onmessage = ({ data }) =>
          fetch("${location.origin}/pay", { method: "POST", body: data }).then((answer) => answer.text()).then(postMessage);`;
        const worker = new Worker(URL.createObjectURL(new Blob([code]))); worker.onmessage = ({ data }) => done(data);
        worker.postMessage(number()); })""",
    "a service worker": """async () => { await navigator.serviceWorker.register("/sw.js");
        const { active } = await navigator.serviceWorker.ready; const { port1, port2 } = new MessageChannel();
        return new Promise((done) => { port1.onmessage = ({ data }) => done(data); active.postMessage(number(), [port2]); }); }""",
}


@pytest.mark.parametrize("way", WAYS)
async def test_the_merchant_gets_the_real_card_and_the_page_its_answer(paying: Paying, way: str) -> None:
    page = await paying.armed()
    answer = json.loads(await page.evaluate(WAYS[way]))
    assert answer["paid"] is True
    assert PAN not in json.dumps(answer)
    assert [got.number for got in paying.merchant.paid] == ["real"]
    assert len(paying.egress.sends) == 1

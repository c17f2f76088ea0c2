"""However a page sends its payment, the merchant gets the real card and the page the merchant's answer."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from broker.protocol.egress import EgressOutcome
from tests.browser.extension.peer import PAN, SURROGATE
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

FIRST_BYTES = {
    "a frame's first script": """(payload) => new Promise((done) => { addEventListener("message", ({ data }) => done(data));
        const frame = document.createElement("iframe"); frame.src = "/eager#" + payload; document.body.append(frame); })""",
    "the first script of a frame of another site": """(payload) => new Promise((done) => {
        addEventListener("message", ({ data }) => done(data)); const frame = document.createElement("iframe");
        frame.src = location.origin.replace("shop.", "pay.") + "/eager#" + payload; document.body.append(frame); })""",
    "a worker's first line": """(payload) => new Promise((done) => { const worker = new Worker("/eager.js#" + payload);
        worker.onmessage = ({ data }) => done(data); })""",
    "a service worker's first line": """async (payload) => {
        const script = "/eager_service.js?n=" + encodeURIComponent(payload);
        const { installing } = await navigator.serviceWorker.register(script, { scope: "/x" });
        const { port1, port2 } = new MessageChannel();
        return new Promise((done) => { port1.onmessage = ({ data }) => done(data); installing.postMessage("", [port2]); }); }""",
}


@pytest.mark.parametrize("way", FIRST_BYTES)
async def test_what_begins_with_paying_is_paused_from_its_first_byte(paying: Paying, way: str) -> None:
    page = await paying.armed()
    answer = json.loads(await page.evaluate(FIRST_BYTES[way], base64.b64encode(SURROGATE.encode()).decode()))
    assert answer["paid"] is True
    assert [got.number for got in paying.merchant.paid] == ["real"]


ENCRYPTED = """async (payload) => { const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    const body = await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, new TextEncoder().encode(payload));
    return (await fetch("/pay", { method: "POST", body })).status; }"""
COMPRESSED = """async (payload) => {
    const body = await new Response(new Blob([payload]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
    return (await fetch("/pay", { method: "POST", body })).status; }"""


async def test_what_the_page_encrypts_goes_out_as_it_is(paying: Paying) -> None:
    page = await paying.armed()
    assert await page.evaluate(ENCRYPTED, SURROGATE) == 200
    assert paying.egress.sends == []
    assert [got.number for got in paying.merchant.paid] == [None]


async def test_what_the_page_compresses_is_shown_to_the_egress_which_says_why_it_is_not_swapped(paying: Paying) -> None:
    page = await paying.armed()
    paying.egress.outcomes.append(EgressOutcome.BODY_NOT_READABLE)
    assert await page.evaluate(COMPRESSED, SURROGATE) == 200
    assert len(paying.egress.sends) == 1
    assert [gzip.decompress(got.body).decode() for got in paying.merchant.paid] == [SURROGATE]


async def test_a_tab_that_was_there_before_is_not_watched(paying: Paying) -> None:
    before = await paying.browser.open_shop("/set")
    await before.goto(paying.processor + "/set")
    await paying.armed()
    await before.evaluate("(body) => fetch('/pay', { method: 'POST', body })", SURROGATE)
    assert paying.egress.sends == []
    assert [got.number for got in paying.merchant.paid] == ["stand-in"]


@pytest.mark.parametrize("way", WAYS)
async def test_the_merchant_gets_the_real_card_and_the_page_its_answer(paying: Paying, way: str) -> None:
    page = await paying.armed()
    answer = json.loads(await page.evaluate(WAYS[way]))
    assert answer["paid"] is True
    assert PAN not in json.dumps(answer)
    assert [got.number for got in paying.merchant.paid] == ["real"]
    assert len(paying.egress.sends) == 1

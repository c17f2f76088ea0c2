"""What differs between the kinds' checkouts: the markup that pays, and the script that sends the card."""

from __future__ import annotations

from broker.demo.shops.kinds import Kind
from broker.demo.shops.origins import Origins
from broker.demo.shops.pages import card_fields

ACCOUNT = "acct_paperandpine"
"""The merchant's account at every processor here."""
KEY = "pk_test_paperandpine"
"""The publishable key that a page names the account by."""

_PLAIN = card_fields("number", "expiry", "code", "name")

# Every script ends at `#outcome`, as the pages without one do.
_COMMON = """
const form = document.querySelector("form");
const value = (name) => form.elements[name].value;
async function post(url, body, headers = {}) {
  const answer = await fetch(url, { method: "POST", body, headers });
  if (!answer.ok) throw new Error(`answer ${answer.status}`);
  return await answer.json();
}
async function finish(token) {
  const { order } = await post("/orders", JSON.stringify({ token }), { "content-type": "application/json" });
  const page = new DOMParser().parseFromString(await (await fetch(`/orders/${order}`)).text(), "text/html");
  history.pushState(null, "", `/orders/${order}`);
  document.querySelector("main").replaceWith(page.querySelector("main"));
}
function failed() {
  form.insertAdjacentHTML("beforeend", '<p class="declined" id="outcome">✕ Not paid. Nothing came back from the processor.</p>');
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  pay().catch(failed);
});
"""

_SCRIPTS = {
    Kind.JSON: """
async function pay() {
  const card = { number: value("number"), exp: value("expiry"), cvc: value("code"), name: value("name") };
  const headers = { "content-type": "application/json", authorization: "Bearer KEY", "idempotency-key": crypto.randomUUID() };
  await finish((await post("PAY/v1/tokens", JSON.stringify({ card }), headers)).id);
}
""",
    Kind.GRAPHQL: """
async function pay() {
  const query = "mutation Tokenize($input: TokenizeCreditCardInput!) { tokenizeCreditCard(input: $input) { token } }";
  const creditCard = { number: value("number"), expirationDate: value("expiry"), cvv: value("code"), cardholderName: value("name") };
  const body = JSON.stringify({ query, variables: { input: { creditCard } } });
  const { data } = await post("PAY/graphql", body, { "content-type": "application/json", authorization: "Bearer KEY" });
  await finish(data.tokenizeCreditCard.token);
}
""",
    Kind.MULTIPART: """
async function pay() {
  const body = new FormData();
  body.append("cardnumber", value("number"));
  body.append("exp", value("expiry"));
  body.append("cvc", value("code"));
  body.append("order", new Blob(["Notebook set\\r\\n--not a boundary\\r\\n"], { type: "text/plain" }), "order.txt");
  await finish((await post("PAY/pay", body)).id);
}
""",
    Kind.WORKER: """
const worker = navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready);
async function pay() {
  const card = { number: value("number"), exp: value("expiry"), cvc: value("code") };
  const { active } = await worker;
  const answered = new Promise((resolve) => { navigator.serviceWorker.onmessage = ({ data }) => resolve(data); });
  active.postMessage(card);
  const token = await answered;
  if (!token) throw new Error("no token");
  await finish(token);
}
navigator.serviceWorker.startMessages();
""",
    Kind.HOSTED: """
async function pay() {
  const answered = new Promise((resolve) => addEventListener("message", ({ data, origin }) => origin === "FIELDS" && resolve(data)));
  document.querySelector("iframe").contentWindow.postMessage("pay", "FIELDS");
  const token = await answered;
  if (!token) throw new Error("no token");
  await finish(token);
}
""",
}
_SCRIPTS[Kind.ENCRYPTING] = _SCRIPTS[Kind.HOSTED]

_WORKER = """
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  const token = charge(event.data).catch(() => null);
  event.waitUntil(token.then((found) => event.source.postMessage(found)));
});
async function charge(card) {
  const body = JSON.stringify({ payments: [{ amount: 4990, card }] });
  const answer = await fetch("PAY/v1/charges", { method: "POST", body, headers: { "content-type": "application/json" } });
  return answer.ok ? (await answer.json()).id : null;
}
"""

_FRAME = """
const form = document.querySelector("form");
const value = (name) => form.elements[name].value;
addEventListener("message", async ({ data, origin, source }) => {
  if (data !== "pay") return;
  const token = await tokenize().catch(() => null);
  source.postMessage(token, origin);
});
"""

_FRAMES = {
    Kind.HOSTED: """
async function tokenize() {
  const card = { "card[number]": value("number"), "card[exp]": value("expiry"), "card[cvc]": value("code") };
  const body = new URLSearchParams({ key: "KEY", ...card });
  const answer = await fetch("PAY/v1/payment_methods", { method: "POST", body });
  return answer.ok ? (await answer.json()).id : null;
}
""",
    Kind.ENCRYPTING: """
async function tokenize() {
  const jwk = await (await fetch("/v1/key")).json();
  const key = await crypto.subtle.importKey("jwk", jwk, { name: "RSA-OAEP", hash: "SHA-256" }, false, ["encrypt"]);
  const plain = new TextEncoder().encode(JSON.stringify([value("number"), value("expiry"), value("code")]));
  const body = await crypto.subtle.encrypt({ name: "RSA-OAEP" }, key, plain);
  const answer = await fetch("/v1/encrypted", { method: "POST", body, headers: { "content-type": "application/octet-stream" } });
  return answer.ok ? (await answer.json()).id : null;
}
""",
}


def card_part(kind: Kind, origins: Origins, total: str) -> str:
    """The markup of the part that pays."""
    button = f"<button>Pay {total}</button>"
    if kind is Kind.FIRST_PARTY:
        return f'<form method="post" action="/pay" autocomplete="on">{_PLAIN}{button}</form>'
    if kind is Kind.FORM:
        fields = card_fields("card[number]", "card[exp]", "card[cvc]", "card[name]")
        return f'<form method="post" action="{origins.of(kind.pay_host)}/pay/{ACCOUNT}" autocomplete="on">{fields}{button}</form>'
    if kind.fields_host:
        frame = f'<iframe src="{origins.of(kind.fields_host)}/fields" title="Card details"></iframe>'
        return f'{frame}<form>{button}</form><script src="/checkout.js"></script>'
    return f'<form autocomplete="on">{_PLAIN}{button}</form><script src="/checkout.js"></script>'


def script(kind: Kind, origins: Origins) -> str:
    """The script of the shop's own page; empty for the kinds that need none."""
    return _with_addresses(_COMMON + _SCRIPTS[kind], kind, origins) if kind in _SCRIPTS else ""


def worker(origins: Origins) -> str:
    """The service worker of the one kind that has one."""
    return _with_addresses(_WORKER, Kind.WORKER, origins)


def frame_script(kind: Kind, origins: Origins) -> str:
    """The script inside a processor's frame."""
    return _with_addresses(_FRAME + _FRAMES[kind], kind, origins)


def _with_addresses(text: str, kind: Kind, origins: Origins) -> str:
    fields = origins.of(kind.fields_host) if kind.fields_host else ""
    return text.replace("PAY", origins.of(kind.pay_host)).replace("FIELDS", fields).replace("KEY", KEY)

"""Small checkout pages, honest and hostile."""

from __future__ import annotations

from aiohttp import web

FORM = """
<form>
  <label>Card number <input name="cardnumber" autocomplete="cc-number" inputmode="numeric"></label>
  <label>Name on card <input name="ccname"></label>
  <label>Expiry <input name="exp" placeholder="MM / YY" maxlength="7"></label>
  <label>CVC <input name="cvc" maxlength="4"></label>
</form>
"""

SPLIT = """
<form>
  <label for="n">Kartennummer</label><input id="n" name="f1">
  <label for="m">Month</label><select id="m" name="exp_month"><option value="">--</option>
    <option value="1">January</option><option value="2">February</option><option value="3">March</option></select>
  <label for="y">Year</label><select id="y" name="exp_year"><option value="">--</option><option>2030</option><option>2031</option></select>
  <label for="c">Security code</label><input id="c" name="f2" type="password">
</form>
"""

ADDRESS = """
<form>
  <label>Card number <input name="cardnumber" autocomplete="cc-number"></label>
  <label>Expiry <input name="exp" placeholder="MM / YY"></label>
  <label>CVC <input name="cvc" maxlength="4"></label>
  <fieldset><legend>Billing address</legend>
    <label>Street address <input id="street"></label>
    <label>City <input id="city"></label> <label>State <select id="state"><option value="">--<option value="5">California</select></label>
    <label>ZIP code <input id="zip"></label> <label>Country <select id="country"><option>Canada<option>United States</select></label>
    <label>Full name <input id="payer" autocomplete="billing name"></label>
  </fieldset>
</form>
"""

PAGES = {
    "/address": f"<p>Total: $49.90</p>{ADDRESS}",
    "/": f"<h1>Checkout</h1><p>Total: $49.90</p>{FORM}<button>Pay $49.90</button>",
    "/dear": f"<h1>Checkout</h1><p>Total: $499.00</p>{FORM}",
    "/quiet": f"<h1>Checkout</h1>{FORM}",
    "/split": f"<p>Subtotal $45.00</p><p>Order total <b>$50.00</b></p>{SPLIT}",
    "/cart": "<h1>Cart</h1><p>Total: $49.90</p>",
    "/frame": '<h1>Checkout</h1><p>Total: $49.90</p><iframe src="/quiet" width="500" height="300"></iframe>',
    "/late": f"<main></main><script>setTimeout(() => {{ document.querySelector('main').innerHTML = `{FORM}`; }}, 700)</script>",
    "/decoys": f"""<input name="gift_card_number" placeholder="Gift card number"><input name="q" aria-label="Search">
      <div style="opacity:0"><input name="cardnumber" id="trap1"></div>
      <input name="cardnumber" id="trap2" style="position:absolute;left:-9999px">
      <div style="height:0;overflow:hidden"><input name="cardnumber" id="trap3" style="display:none"></div>{FORM}""",
    "/react": f"""{FORM}<script>
      for (const input of document.querySelectorAll("input")) {{
        let tracked = "";
        Object.defineProperty(input, "value", {{ configurable: true,
          get() {{ return Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").get.call(this); }},
          set(value) {{ tracked = value; Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(this, value); }} }});
        input.addEventListener("input", () => {{ window.changed = (window.changed ?? 0) + (input.value !== tracked ? 1 : 0); }});
      }}</script>""",
    "/stubborn": f"""{FORM}<script>
      document.querySelector("[name=cvc]").addEventListener("input", (event) => {{ event.target.value = ""; }});</script>""",
}


UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0 0 0 0);margin:-1px;border:0;padding:0"
FIELDS = {"number": "Card number", "name": "Name on card", "expiry": "Expiry date (MM / YY)", "code": "Security code"}


def steps(form: str = FORM) -> str:
    """A checkout whose card form comes at the second step, long after the page has loaded."""
    return f"""<h1>Checkout</h1><p>Total: $49.90</p><main><button id=next>To the payment</button></main><script>
      document.querySelector("#next").onclick = () => {{ document.querySelector("main").innerHTML = `{form}`; }};</script>"""


def hosted(frames: str, shown: tuple[str, ...] = ("number", "expiry", "code")) -> str:
    """A checkout whose card fields are frames of `frames`, one field a frame."""
    return f"<h1>Checkout</h1><p>Total: $49.90</p><form><label>Email <input autocomplete=email></label>{rows(frames, shown)}</form>"


def rows(frames: str, shown: tuple[str, ...] = ("number", "expiry", "code")) -> str:
    """One frame a field."""
    return "".join(f'<iframe id="{name}" src="{frames}/field/{name}" width="300" height="60"></iframe>' for name in shown)


def beside(frames: str) -> str:
    """A checkout that asks for the holder's name itself, beside the frames; a number and a name elsewhere are traps."""
    traps = f'<label style="{UNSEEN}">Card number <input id="trap" autocomplete="cc-number"></label>'
    other = '<form><label>Name on card <input id="other"></label></form>'
    holder = '<label>Name on card <input id="holder"></label>'
    return f"<h1>Checkout</h1><p>Total: $49.90</p>{other}<form>{holder}{traps}{rows(frames)}</form>"


def field(shown: str) -> str:
    """The document of one frame: one field, and honeypots for whoever fills what he finds."""
    rows = [
        f'<label for="{name}" style="{UNSEEN}">{label}</label><input id="{name}"'
        + ("" if name == shown else f' style="{UNSEEN}" tabindex="-1" aria-hidden="true"') + ">"
        for name, label in FIELDS.items()
    ]  # fmt: skip
    return f"<form>{''.join(rows)}</form>"


def body_of(request: web.Request) -> str | None:
    """The page at this address, or null."""
    port = request.host.rpartition(":")[2]
    kind, _, name = request.path.strip("/").partition("/")
    frames = f"http://{name}:{port}"
    match kind:
        case "hosted":
            return hosted(frames)
        case "beside":
            return beside(frames)
        case "field":
            return field(name)
        case "steps":
            return steps(rows(frames) if name else FORM)
    return PAGES.get(request.path)


def document(body: str) -> str:
    return f"<!doctype html><title>Shop</title><body>{body}</body>"


async def page(request: web.Request) -> web.Response:
    body = body_of(request)
    if body is None:
        raise web.HTTPNotFound
    return web.Response(text=document(body), content_type="text/html")


def application() -> web.Application:
    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    return app

"""The shops' pages. Plain HTML with labels and autocomplete tokens, as a careful merchant writes them."""

from __future__ import annotations

from html import escape

_STYLE = """
:root{color-scheme:light dark;--ink:#1c1d22;--dim:#6a6d78;--line:#e2e3e8;--paper:#fff;--ground:#f6f6f3;--leaf:#2f6b4f;--red:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#ececf0;--dim:#a0a3ae;--line:#34363f;--paper:#1d1e23;--ground:#141519;--leaf:#6fbf98;--red:#f2938c}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
header{padding:20px 24px;font-weight:650;letter-spacing:.01em}header a{color:inherit;text-decoration:none}header span{color:var(--leaf)}
main{max-width:860px;margin:12px auto;padding:0 24px;display:grid;gap:24px;grid-template-columns:1fr 1fr}
@media(max-width:640px){main{grid-template-columns:1fr}}
section{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:24px}
h1{font-size:22px;margin:0 0 8px}h2{font-size:16px;margin:0 0 12px}p{margin:0 0 12px}.dim{color:var(--dim)}
dl{display:grid;grid-template-columns:1fr auto;row-gap:8px;margin:0;font-variant-numeric:tabular-nums}dd{margin:0;text-align:right}
dl .total{font-weight:650;border-top:1px solid var(--line);padding-top:8px}
label{display:block;font-size:13px;color:var(--dim);margin:0 0 12px}
input{display:block;width:100%;margin-top:4px;padding:10px 12px;font:inherit;color:var(--ink);background:var(--ground);
border:1px solid var(--line);border-radius:8px}
input:focus-visible,button:focus-visible,a:focus-visible{outline:2px solid var(--leaf);outline-offset:2px}
.row{display:grid;grid-template-columns:1fr 1fr;gap:12px}
button,.button{display:block;width:100%;padding:12px;border:0;border-radius:8px;background:var(--leaf);color:var(--paper)}
button,.button{font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}.paid{color:var(--leaf)}.declined{color:var(--red)}
svg{display:block;width:100%;height:auto;border-radius:8px}iframe{display:block;width:100%;height:270px;border:0}
"""

_PICTURE = """<svg viewBox="0 0 320 200" role="img" aria-label="Three notebooks">
<rect width="320" height="200" fill="#dfe7de"/><g stroke="#22302a" stroke-opacity=".25">
<rect x="70" y="46" width="92" height="124" rx="6" fill="#2f6b4f" transform="rotate(-8 116 108)"/>
<rect x="116" y="40" width="92" height="124" rx="6" fill="#c9a25b"/>
<rect x="166" y="44" width="92" height="124" rx="6" fill="#f4f1e8" transform="rotate(7 212 106)"/></g></svg>"""


def _frame(shop: str, title: str, main: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · {escape(shop)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f'<body><header><a href="/">{escape(shop).replace("&amp;", "<span>&amp;</span>")}</a></header><main>{main}</main></body></html>'
    )


def product(shop: str, price: str) -> str:
    """The product and the way to the checkout."""
    return _frame(
        shop,
        "Notebook set",
        f"""<section>{_PICTURE}</section><section><h1>Notebook set</h1><p class="dim">Three A5 notebooks, dotted, 96 pages each.</p>
<p><strong>{price}</strong></p><a class="button" href="/checkout">Check out</a></section>""",
    )


def checkout(shop: str, total: str, card: str) -> str:
    """Order summary beside `card`, the part of the page that pays."""
    return _frame(
        shop,
        "Checkout",
        f"""<section><h2>Your order</h2><dl><dt>Notebook set</dt><dd>{total}</dd><dt>Shipping</dt><dd>$0.00</dd>
<dt class="total">Total</dt><dd class="total" id="total">{total}</dd></dl></section>
<section><h2>Pay by card</h2>{card}</section>""",
    )


def card_fields(number: str, expiry: str, code: str, name: str) -> str:
    """Four fields under the names that a form sends; labels and autocomplete tokens as usual."""
    return f"""<label>Card number<input name="{number}" autocomplete="cc-number" inputmode="numeric" maxlength="23" required></label>
<div class="row">
<label>Expiry (MM/YY)<input name="{expiry}" autocomplete="cc-exp" inputmode="numeric" placeholder="MM/YY" maxlength="5" required></label>
<label>Security code<input name="{code}" autocomplete="cc-csc" inputmode="numeric" maxlength="4" required></label></div>
<label>Name on card<input name="{name}" autocomplete="cc-name" required></label>"""


def fields_frame(title: str, fields: str) -> str:
    """The page inside a processor's frame: card fields and its script, nothing else."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style></head>'
        f'<body style="background:transparent"><form autocomplete="on">{fields}</form><script src="/fields.js"></script></body></html>'
    )


def outcome(shop: str, amount: str, last4: str, reason: str | None, attestation: str | None) -> str:
    """Paid, or declined with the reason."""
    if reason is None:
        words = f"{escape(amount)} with the card ending {escape(last4)}. The payment is <span>{escape(attestation or 'unknown')}</span>."
        head = '<h1 class="paid" id="outcome">✓ Paid</h1>'
    else:
        words = f"The card ending {escape(last4)} was declined: <code>{escape(reason)}</code>. Nothing was charged."
        head = '<h1 class="declined" id="outcome">✕ Declined</h1>'
    return _frame(shop, "Your order", f"<section>{head}<p>{words}</p></section><section>{_PICTURE}</section>")

"""Writes the labelled pages that are our own: every language in some layout, and forms that look like a card's and are not.

Run it after a change here: ``python tests/browser/forms/make_pages.py``. Names and ids say nothing, so that only the
language is measured. Everything under pages/ is made by this file and may be redistributed under our licence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
MARK = "<!-- Made by us for measuring; see make_pages.py. -->"

# As native checkouts say it: number, expiry, security code, holder, and a field that is no part of a card.
LANGUAGES: dict[str, tuple[str, str, str, str, str]] = {
    "ar": ("رقم البطاقة", "تاريخ انتهاء الصلاحية", "رمز الأمان (CVV)", "الاسم على البطاقة", "كود الخصم"),
    "bg": ("Номер на картата", "Валидна до", "Код за сигурност", "Име на картодържателя", "Промо код"),
    "bn": ("কার্ড নম্বর", "মেয়াদ শেষের তারিখ", "নিরাপত্তা কোড", "কার্ডধারীর নাম", "ফোন"),
    "ca": ("Número de la targeta", "Data de caducitat", "Codi de seguretat", "Nom del titular", "Codi promocional"),
    "cs": ("Číslo karty", "Platnost do", "Bezpečnostní kód", "Jméno držitele karty", "Slevový kód"),
    "da": ("Kortnummer", "Udløbsdato", "Sikkerhedskode", "Kortholders navn", "Rabatkode"),
    "de": ("Kartennummer", "Gültig bis", "Prüfziffer", "Karteninhaber", "Gutscheincode"),
    "el": ("Αριθμός κάρτας", "Ημερομηνία λήξης", "Κωδικός ασφαλείας", "Όνομα κατόχου κάρτας", "Εκπτωτικός κωδικός"),
    "en": ("Card number", "Expiry date", "Security code", "Name on card", "Promo code"),
    "es": ("Número de tarjeta", "Fecha de vencimiento", "Código de seguridad", "Titular de la tarjeta", "Cupón de descuento"),
    "et": ("Kaardi number", "Kehtiv kuni", "Turvakood", "Kaardi omaniku nimi", "Sooduskood"),
    "fa": ("شماره کارت", "تاریخ انقضا", "کد CVV2", "نام دارنده کارت", "کد تخفیف"),
    "fi": ("Kortin numero", "Voimassa", "Turvakoodi", "Kortinhaltijan nimi", "Alennuskoodi"),
    "fr": ("Numéro de la carte", "Date d’expiration", "Cryptogramme visuel", "Titulaire de la carte", "Code promo"),
    "he": ("מספר כרטיס אשראי", "תוקף הכרטיס", "3 ספרות בגב הכרטיס", "שם בעל הכרטיס", "קוד קופון"),
    "hi": ("कार्ड नंबर", "समाप्ति तिथि", "सुरक्षा कोड", "कार्ड पर नाम", "कूपन कोड"),
    "hr": ("Broj kartice", "Datum isteka", "Sigurnosni kod", "Ime vlasnika kartice", "Kod za popust"),
    "hu": ("Kártyaszám", "Lejárati dátum", "Biztonsági kód", "Kártyabirtokos neve", "Kuponkód"),
    "id": ("Nomor kartu", "Masa berlaku", "Kode keamanan", "Nama pada kartu", "Kode promo"),
    "is": ("Kortanúmer", "Gildistími", "Öryggisnúmer", "Nafn korthafa", "Afsláttarkóði"),
    "it": ("Numero della carta", "Data di scadenza", "Codice di sicurezza", "Intestatario della carta", "Codice sconto"),
    "ja": ("カード番号", "有効期限", "セキュリティコード", "カード名義人", "クーポンコード"),
    "ko": ("카드 번호", "유효기간", "보안 코드", "카드 소유자 이름", "쿠폰"),
    "lt": ("Kortelės numeris", "Galiojimo data", "Saugos kodas", "Kortelės savininko vardas", "Nuolaidos kodas"),
    "lv": ("Kartes numurs", "Derīguma termiņš", "Drošības kods", "Vārds uz kartes", "Atlaides kods"),
    "nl": ("Kaartnummer", "Vervaldatum", "Beveiligingscode", "Naam op kaart", "Kortingscode"),
    "no": ("Kortnummer", "Utløpsdato", "Sikkerhetskode", "Kortholders navn", "Rabattkode"),
    "pl": ("Numer karty", "Data ważności", "Kod bezpieczeństwa", "Imię i nazwisko na karcie", "Kod rabatowy"),
    "pt": ("Número do cartão", "Validade", "Código de segurança", "Nome impresso no cartão", "Cupom de desconto"),
    "ro": ("Numărul cardului", "Data expirării", "Cod de securitate", "Numele titularului", "Cod promoțional"),
    "ru": ("Номер карты", "Срок действия", "Код безопасности", "Имя владельца карты", "Промокод"),
    "sk": ("Číslo karty", "Platnosť do", "Bezpečnostný kód", "Meno držiteľa karty", "Zľavový kód"),
    "sl": ("Številka kartice", "Datum poteka", "Varnostna koda", "Ime imetnika kartice", "Koda za popust"),
    "sr": ("Број картице", "Датум истека", "Сигурносни код", "Име на картици", "Телефон"),
    "sv": ("Kortnummer", "Utgångsdatum", "Säkerhetskod", "Kortinnehavarens namn", "Rabattkod"),
    "th": ("หมายเลขบัตร", "วันหมดอายุ", "รหัสความปลอดภัย", "ชื่อบนบัตร", "โค้ดส่วนลด"),
    "tr": ("Kart numarası", "Son kullanma tarihi", "Güvenlik kodu", "Kart üzerindeki isim", "İndirim kodu"),
    "uk": ("Номер картки", "Термін дії", "Код безпеки", "Ім’я власника картки", "Промокод"),
    "ur": ("کارڈ نمبر", "میعاد ختم ہونے کی تاریخ", "سیکیورٹی کوڈ", "کارڈ پر نام", "فون"),
    "vi": ("Số thẻ", "Ngày hết hạn", "Mã bảo mật", "Tên chủ thẻ", "Mã giảm giá"),
    "zh": ("信用卡號碼", "有效期限", "安全碼", "持卡人姓名", "優惠券代碼"),
}
TYPES = ("cc-number", "cc-exp", "cc-csc", "cc-name", None)
RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}


@dataclass(frozen=True)
class Page:
    """One page and what its controls are, in order."""

    name: str
    language: str
    body: str
    expected: tuple[str | None, ...]
    has_card: bool = True


Layout = Callable[[int, str], str]


def labelled(index: int, text: str) -> str:
    return f'<p><label for="f{index}">{escape(text)}</label><input id="f{index}"></p>'


def wrapped(index: int, text: str) -> str:
    return f"<label>{escape(text)} <input name=f{index}></label>"


def cell(index: int, text: str) -> str:
    return f"<table><tr><td>{escape(text)}</td><td><input name=f{index}></td></tr></table>"


def before(index: int, text: str) -> str:
    return f"{escape(text)}<br><input name=f{index}><br>"


def placeholder(index: int, text: str) -> str:
    return f'<div><input name=f{index} placeholder="{escape(text)}"></div>'


def aria(index: int, text: str) -> str:
    return f'<div><input name=f{index} aria-label="{escape(text)}"></div>'


def floating(index: int, text: str) -> str:
    return f"<div class=box><input name=f{index} required><span>{escape(text)}</span></div>"


LAYOUTS: tuple[Layout, ...] = (labelled, wrapped, cell, before, placeholder, aria, floating)


def language_pages() -> Iterator[Page]:
    """Every language in two layouts."""
    for place, (code, texts) in enumerate(LANGUAGES.items()):
        for turn in (0, 3):
            layout = LAYOUTS[(place + turn) % len(LAYOUTS)]
            fields = "\n".join(layout(index, text) for index, text in enumerate(texts))
            yield Page(f"language-{code}-{layout.__name__}", code, f"<form>\n{fields}\n</form>", TYPES)


def select(name: str, options: Iterator[str] | list[str]) -> str:
    return f"<select name={name}>" + "".join(f"<option>{escape(option)}</option>" for option in options) + "</select>"


MONTHS = [f"{month:02}" for month in range(1, 13)]
YEARS = [str(year) for year in range(2026, 2040)]


def shape_pages() -> Iterator[Page]:
    """Shapes that need more than words: boxes, halves, tables with headings, brands."""
    boxes = "".join(f"<input name=b{n} maxlength=4 type={'password' if n in (1, 2) else 'text'}>" for n in range(4))
    yield Page(
        "shape-boxes-with-hidden-parts", "en",
        f"<form>Card number {boxes}<br>CVV <input name=x type=password maxlength=3> Valid thru <input name=m maxlength=2> / <input name=y maxlength=2></form>",  # noqa: E501
        ("cc-number",) * 4 + ("cc-csc", "cc-exp-month", "cc-exp-year"),
    )  # fmt: skip
    yield Page(
        "shape-month-and-year-selects", "en",
        f"<form><label>Card number <input></label> Month {select('a', MONTHS)} Year {select('b', YEARS)} <label>CVC <input></label></form>",
        ("cc-number", "cc-exp-month", "cc-exp-year", "cc-csc"),
    )  # fmt: skip
    yield Page(
        "shape-column-headings", "en",
        "<form><table><tr><th>Card number</th><th>Expires</th><th>CVV</th></tr><tr><td><input></td><td><input></td><td><input></td></tr></table></form>",  # noqa: E501
        ("cc-number", "cc-exp", "cc-csc"),
    )  # fmt: skip
    yield Page(
        "shape-brand-and-date-input", "en",
        f"<form>{select('t', ['Visa', 'MasterCard', 'American Express'])} <label>Card no. <input></label>"
        "<label>Expiration <input type=month></label><label>Name <input></label><label>CVV <input type=password></label></form>",
        ("cc-type", "cc-number", "cc-exp", "cc-name", "cc-csc"),
    )  # fmt: skip
    yield Page(
        "shape-same-name-everywhere", "en",
        '<form><label>Card number <input name="field"></label><label>Expiry <input name="field"></label><label>CVV <input name="field"></label></form>',  # noqa: E501
        ("cc-number", "cc-exp", "cc-csc"),
    )  # fmt: skip
    yield Page(
        "shape-glued-identifiers", "en",
        "<form><input id=txtcardnumber><input id=cardholdername><input id=expmonth><input id=expyear><input id=inpcvv></form>",
        ("cc-number", "cc-name", "cc-exp-month", "cc-exp-year", "cc-csc"),
    )  # fmt: skip
    yield Page(
        "shape-persian-digits", "fa",
        '<form dir=rtl><label>شماره کارت <input placeholder="۶۲۱۹ ۸۶۱۰ ۰۰۰۰ ۰۰۰۰"></label><label>ماه <input placeholder="۰۱" maxlength=2></label>'  # noqa: E501
        '<label>سال <input placeholder="۰۵" maxlength=2></label><label>CVV2 <input></label></form>',
        ("cc-number", "cc-exp-month", "cc-exp-year", "cc-csc"),
    )  # fmt: skip


def other_pages() -> Iterator[Page]:
    """Forms that a careless reader takes for a card's."""
    plain = {
        "gift-card": ("Gift card number", "PIN"),
        "gift-card-german": ("Geschenkkartennummer", "PIN"),
        "loyalty-card": ("Loyalty card number", "Last name"),
        "library-card": ("Library card number", "Password"),
        "bank-account": ("Account holder", "IBAN", "BIC"),
        "one-time-code": ("Enter the verification code we sent to your phone",),
        "birthday": ("Name", "Month", "Year"),
        "passport": ("Passport number", "Expiry date", "Date of issue"),
        "licence": ("Licence number", "Expiry date", "Full name"),
        "coupon": ("Voucher code", "Security code"),
        "search": ("Search cards",),
        "sign-in": ("Membership number", "Password"),
        "student-card": ("Student card number", "Valid until", "Name"),
        "insurance": ("Insurance policy number", "Valid until"),
        "phone-top-up": ("Phone number", "Amount"),
        "sim-card": ("SIM card number", "PIN code"),
    }
    for name, texts in plain.items():
        fields = "\n".join(labelled(index, text) for index, text in enumerate(texts))
        yield Page(f"other-{name}", "en", f"<form>\n{fields}\n</form>", (None,) * len(texts), has_card=False)
    dates = f"<label>Arrival <input type=date></label> Month {select('a', MONTHS)} Year {select('b', YEARS)}"
    yield Page("other-hotel-dates", "en", f"<form>{dates}<label>Rooms <input></label></form>", (None,) * 4, has_card=False)


def write(page: Page) -> dict[str, object]:
    direction = ' dir="rtl"' if page.language in RIGHT_TO_LEFT else ""
    html = f'<!doctype html>\n{MARK}\n<html lang="{page.language}"{direction}><head><meta charset="utf-8"><title>{page.name}</title></head><body>\n{page.body}\n</body></html>\n'  # noqa: E501
    path = f"pages/{page.name}.html"
    (HERE / path).write_text(html, encoding="utf-8")
    fields = [{"index": index, "expected": expected, "visible": True} for index, expected in enumerate(page.expected)]
    return {
        "path": path,
        "lang": page.language,
        "family": f"ours:{page.name}",
        "has_card": page.has_card,
        "made_by_us": True,
        "fields": fields,
    }


def main() -> None:
    (HERE / "pages").mkdir(exist_ok=True)
    for old in (HERE / "pages").glob("*.html"):
        old.unlink()
    lines = [json.dumps(write(page), ensure_ascii=False) for make in (language_pages, shape_pages, other_pages) for page in make()]
    (HERE / "labels.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

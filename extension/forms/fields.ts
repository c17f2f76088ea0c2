/** The kinds of card fields, and how one is recognised. A far better scorer can take this file's place: text in, kind out. */

export type FieldKind = "number" | "expiry" | "expiryMonth" | "expiryYear" | "securityCode" | "name";

/** What a field says about itself, in the order of trust. */
export interface Description {
  autocomplete: string;
  /** Name, id and test ids: written by programmers. */
  names: string;
  /** Label, placeholder, aria text and title: written for people. */
  words: string;
}

const AUTOCOMPLETE: Record<string, FieldKind> = {
  "cc-number": "number",
  "cc-exp": "expiry",
  "cc-exp-month": "expiryMonth",
  "cc-exp-year": "expiryYear",
  "cc-csc": "securityCode",
  "cc-name": "name",
};

// Fields that look like ours and are not: gift and loyalty cards, search, vouchers, one-time codes, bank accounts.
const DECOY =
  /gift|voucher|coupon|promo|loyal|reward|member|search|suche|recherche|\botp\b|one.?time|2fa|\bsms\b|verification.?code.?sent|iban|sort.?code|routing|account.?n|konto|phone|telefon|zip|postal|plz|birth|geburt|naissance|nacimiento|ssn|social|passport|e-?mail|password|passwor[dt]|geschenk|cadeau|regalo|library|sim.?card|id.?card/i;

// Most specific first: "card security code" must not become a number, nor "expiry month" a whole expiry.
const KEYWORDS: [FieldKind, RegExp][] = [
  ["securityCode", /\bcvv2?|\bcvc2?|\bcvn\b|\bcsc\b|\bcid\b|cvv|cvc|security.?code|securitycode|verification.?(code|value|number)|card.?code|pr(ü|u|ue)f(nummer|ziffer)|sicherheits(code|nummer)|kartenpr|cryptogramme|code.?de.?s[ée]curit[ée]|c[óo]digo.?de.?seguridad|codice.?di.?sicurezza|c[óo]digo.?de.?seguran[çc]a|セキュリティ|安全码/i],
  ["expiryMonth", /exp\w*.{0,12}(month|mm\b|mon\b|monat|mois|mes\b|mese)|(month|monat|mois).{0,12}(exp|valid|g(ü|u)ltig)|\bexp.?m(o|m)?\b|cc.?month|card.?month|ablauf.?monat|mois.?d.?expiration|mes.?de.?(caducidad|vencimiento)/i],
  ["expiryYear", /exp\w*.{0,12}(year|yy(yy)?\b|jahr|ann[ée]e|a[ñn]o|anno)|(year|jahr|ann[ée]e).{0,12}(exp|valid|g(ü|u)ltig)|\bexp.?y(r|y)?\b|cc.?year|card.?year|ablauf.?jahr|ann[ée]e.?d.?expiration|a[ñn]o.?de.?(caducidad|vencimiento)/i],
  ["expiry", /expir|expdate|exp.?date|\bexp\b|cc.?exp|card.?exp|valid.?(thru|through|until|to)|mm\s*\/\s*(yy|jj|aa)|ablauf|g(ü|ue?)ltig|verfall|expiration|caduc|vencim|scadenza|validade|vervaldatum|有効期限|有效期/i],
  ["name", /name.?on.?card|card.?holder|cardholder|holder.?name|cc.?name|card.?name|ccname|karteninhaber|inhaber|titulaire|titular|intestatario|kaarthouder|名義/i],
  ["number", /card.?(num|no\b|nr\b|#)|cardnum|ccnum|cc.?(num|no\b|nr\b)|credit.?card|debit.?card|\bpan\b|kartennummer|kreditkarte|num[ée]ro.?de.?(la.?)?carte|n[úu]mero.?de.?(la.?)?tarjeta|numero.?(della.?)?carta|n[úu]mero.?do.?cart[ãa]o|kaartnummer|カード番号|卡号/i],
];

/** The kind of the field so described, or null. */
export function kindOf(description: Description): FieldKind | null {
  const token = description.autocomplete.toLowerCase().trim().split(/\s+/).at(-1) ?? "";
  const declared = AUTOCOMPLETE[token];
  if (declared) return declared;
  if (token !== "" && token !== "on" && token !== "off" && /^[a-z][a-z-]+$/.test(token) && !token.startsWith("cc-")) {
    // A field that says what it is, and it is no card field (RFC-like tokens of the HTML standard, "one-time-code", "email" …).
    if (/^(one-time-code|email|tel|postal|street|address|given|family|additional|honorific|username|new-|current-|organization|bday|country|url|sex|language|transaction)/.test(token)) return null;
  }
  for (const text of [separated(description.names), description.words]) {
    if (DECOY.test(text)) continue;
    const found = KEYWORDS.find(([, keyword]) => keyword.test(text));
    if (found) return DECOY.test(description.words) ? null : found[0];
  }
  return null;
}

/** `cardNumber`, `card_number` and `card-number` as words. */
function separated(names: string): string {
  return names.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_\-.[\]:]+/g, " ");
}

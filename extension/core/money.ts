/** Money as integers in minor units (ISO 4217), and how a person reads it. Twin of broker/core/money.py. */

// ISO 4217 currencies whose minor unit is not 1/100; every other code has two digits.
const NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(" ");
const THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND".split(" ");

/** What each currency's sign is; a sign alone ("$") may stand for several currencies. */
export const SYMBOLS: Record<string, string> = { USD: "$", EUR: "€", GBP: "£", JPY: "¥", INR: "₹", KRW: "₩" };

/** Digits after the decimal separator for an ISO 4217 code. */
export function exponent(currency: string): number {
  if (NO_DIGITS.includes(currency)) return 0;
  return THREE_DIGITS.includes(currency) ? 3 : 2;
}

/** `amount` in minor units as a person reads it: `$50.00`, `¥1,200`, `CHF 12.50`. */
export function formatMoney(amount: number, currency: string): string {
  const digits = exponent(currency);
  const text = String(Math.abs(amount)).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = digits ? `.${text.slice(-digits)}` : "";
  return `${amount < 0 ? "-" : ""}${SYMBOLS[currency] ?? `${currency} `}${whole}${fraction}`;
}

/** How far a real amount may lie from `amount`: basis points of it, rounded down to a minor unit. */
export function tolerance(amount: number, basisPoints: number): number {
  return Number((BigInt(amount) * BigInt(basisPoints)) / 10_000n);
}

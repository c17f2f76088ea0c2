import { defineUnlistedScript } from "wxt/utils/define-unlisted-script";
import { type Checkout, checkout } from "../forms/checkout";

declare global {
  // Of our isolated world only: the page has another `globalThis`.
  var ledgerosCheckout: Checkout | undefined;
}

export default defineUnlistedScript(() => {
  globalThis.ledgerosCheckout ??= checkout;
});

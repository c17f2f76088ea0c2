import { defineUnlistedScript } from "wxt/utils/define-unlisted-script";
import { explain, explainFrame } from "../forms/engine/explain";
import { idle } from "../forms/engine/idle";
import { predictions, stripAutocomplete, timing } from "../forms/engine/measure";

const lab = { explain, explainFrame, idle, predictions, stripAutocomplete, timing };

declare global {
  // Of our isolated world only: the page has another `globalThis`.
  var ledgerosForms: typeof lab | undefined;
}

/** For the debug view and for measuring: our own pages inject it; no web page can. */
export default defineUnlistedScript(() => {
  globalThis.ledgerosForms = lab;
});

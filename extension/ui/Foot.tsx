/** The last line of the popup: whose cards these are, and that no money moves. */
import type { ComponentChildren } from "preact";
import type { AppState } from "./wire";

export function Foot({ issuer, children }: { issuer: AppState["issuer"]; children?: ComponentChildren }) {
  return (
    <footer class="foot">
      <span class="muted">{issuer ? issuer.organisationName : "Not enrolled"} · sandbox: no money moves</span>
      {children}
    </footer>
  );
}

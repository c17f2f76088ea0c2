/** Finds the card fields of a page: its document, open shadow roots and same-origin frames. */
import { type FieldKind, kindOf } from "./fields";
import { type Visibility, visible } from "./visibility";

export type FieldElement = HTMLInputElement | HTMLSelectElement;

export interface Candidate {
  node: FieldElement;
  kind: FieldKind;
}

const TEXT_TYPES = new Set(["text", "tel", "number", "password", "month", ""]);

/** Every visible, writable field that looks like one of a card. */
export function scan(document: Document, isVisible: Visibility = visible): Candidate[] {
  return documents(document).flatMap((part) => fieldsOf(part).flatMap((node) => candidate(node, isVisible)));
}

/** `document` and the same-origin documents inside it. A cross-origin or sandboxed frame shows null and is left out. */
export function documents(document: Document): Document[] {
  const inner = [...document.querySelectorAll("iframe, frame")].flatMap((frame) => {
    const content = (frame as HTMLIFrameElement).contentDocument;
    return content?.defaultView && content.defaultView.origin === document.defaultView?.origin ? documents(content) : [];
  });
  return [document, ...inner];
}

function fieldsOf(root: Document | ShadowRoot): FieldElement[] {
  const found = [...root.querySelectorAll<FieldElement>("input, select")];
  for (const host of root.querySelectorAll("*")) if (host.shadowRoot) found.push(...fieldsOf(host.shadowRoot));
  return found;
}

function candidate(node: FieldElement, isVisible: Visibility): Candidate[] {
  if (node.disabled || (isInput(node) && (node.readOnly || !TEXT_TYPES.has(node.type)))) return [];
  const kind = kindOf({ autocomplete: node.autocomplete, names: `${node.name} ${node.id}`, words: words(node) });
  return kind && isVisible(node) ? [{ node, kind }] : [];
}

export function isInput(node: FieldElement): node is HTMLInputElement {
  return node.tagName === "INPUT";
}

function words(node: FieldElement): string {
  const root = node.getRootNode() as Document | ShadowRoot;
  const labelled = (node.getAttribute("aria-labelledby") ?? "").split(/\s+/).map((id) => (id && root.getElementById(id)?.textContent) || "");
  const labels = [...(node.labels ?? [])].map((label) => label.textContent ?? "");
  const placeholder = isInput(node) ? node.placeholder : "";
  return [...labels, ...labelled, node.getAttribute("aria-label") ?? "", placeholder, node.title].join(" ").slice(0, 300);
}

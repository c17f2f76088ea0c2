/**
 * Every tree of a page that one script may read: the document, open shadow roots, same-origin frames.
 */

import { allIn, isShadow } from "./tree";

/** The document, its open shadow roots and its same-origin frames (about:blank and srcdoc too), all the way down. */
export function rootsOf(document: Document): (Document | ShadowRoot)[] {
  const found: (Document | ShadowRoot)[] = [];
  collect(document, found);
  return found;
}

/** The document and the same-origin documents inside it. */
export function documentsOf(document: Document): Document[] {
  return rootsOf(document).filter((root): root is Document => root.nodeType === Node.DOCUMENT_NODE);
}

const ELEMENTS = 1; // NodeFilter.SHOW_ELEMENT

/** The open shadow roots in a part of a tree, at any depth; frames are left alone. */
export function shadowsIn(part: Element): ShadowRoot[] {
  const found: (Document | ShadowRoot)[] = [];
  const walker = Document.prototype.createTreeWalker.call(part.ownerDocument, part, ELEMENTS);
  for (let node: Node | null = part; node; node = walker.nextNode()) {
    const inside = (node as Element).shadowRoot;
    if (inside && isShadow(inside)) collect(inside, found);
  }
  return found.filter(isShadow);
}

function collect(root: Document | ShadowRoot, found: (Document | ShadowRoot)[]): void {
  found.push(root);
  const framed = allIn(root, "iframe,frame").length > 0; // in most there is none, and no name need be asked for
  // A walker, since a list of all elements costs several times as much.
  // A form called "createTreeWalker" would stand in the document's method's place.
  const walker = Document.prototype.createTreeWalker.call(root.ownerDocument ?? root, root, ELEMENTS);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const host = node as Element;
    const inside = host.shadowRoot;
    if (inside && isShadow(inside)) collect(inside, found); // a control called "shadowRoot" is its form's
    else if (framed && (host.tagName === "IFRAME" || host.tagName === "FRAME")) {
      const inner = sameOriginDocument(host as HTMLIFrameElement);
      if (inner) collect(inner, found);
    }
  }
}

// A sandboxed frame has an opaque origin and shows no document; a cross-origin one shows null.
function sameOriginDocument(frame: HTMLIFrameElement): Document | null {
  try {
    const inner = frame.contentDocument;
    return inner?.defaultView && inner.defaultView.origin === frame.ownerDocument.defaultView?.origin ? inner : null;
  } catch {
    return null;
  }
}

/**
 * Every tree of a page that one script may read: the document, open shadow roots, same-origin frames.
 */

import { allIn } from "./tree";

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

function collect(root: Document | ShadowRoot, found: (Document | ShadowRoot)[]): void {
  found.push(root);
  for (const host of allIn(root, "*")) {
    if (host.shadowRoot) collect(host.shadowRoot, found);
    else if (host.tagName === "IFRAME" || host.tagName === "FRAME") {
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

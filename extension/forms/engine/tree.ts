/**
 * Steps out of a node. Every frame has classes of its own, so nodes are told by what they are, not by `instanceof`.
 */

/** Whether the node is a shadow root. */
export function isShadow(node: Node): node is ShadowRoot {
  return node.nodeType === Node.DOCUMENT_FRAGMENT_NODE && "host" in node;
}

/** What the element is shown in: its slot, its parent, or the host of its shadow root. */
export function shownIn(element: Element): Element | null {
  if (element.assignedSlot) return element.assignedSlot;
  if (element.parentElement) return element.parentElement;
  const root = element.getRootNode();
  return isShadow(root) ? root.host : null;
}

/** The frame element around the element's document; null at the top and where the parent is of another origin. */
export function frameOf(element: Element): Element | null {
  try {
    return element.ownerDocument.defaultView?.frameElement ?? null;
  } catch {
    return null;
  }
}

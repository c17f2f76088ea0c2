/**
 * Steps out of a node. Every frame has classes of its own, so nodes are told by what they are, not by `instanceof`.
 */

/** Whether the node is a shadow root. */
export function isShadow(node: Node): node is ShadowRoot {
  return node.nodeType === Node.DOCUMENT_FRAGMENT_NODE && "host" in node;
}

/** What the element is shown in: its slot, its parent, or the host of its shadow root. */
export function shownIn(element: Element): Element | null {
  const around = own<HTMLSlotElement | null>(element, Element.prototype, "assignedSlot") ?? own<Element | null>(element, Node.prototype, "parentElement");
  if (around) return around;
  const root = Node.prototype.getRootNode.call(element);
  return isShadow(root) ? root.host : null;
}

/**
 * A property as the browser has it. A control called "parentElement" takes the place of its form's parent (HTML, "form" named
 * properties), also in the eyes of an isolated world, and may stand anywhere.
 */
export function own<T>(element: Element, prototype: object, name: string): T {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get?.call(element) as T;
}

/** The frame element around the element's document; null at the top and where the parent is of another origin. */
export function frameOf(element: Element): Element | null {
  try {
    return element.ownerDocument.defaultView?.frameElement ?? null;
  } catch {
    return null;
  }
}

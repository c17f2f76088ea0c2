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

/**
 * What matches in a document, a shadow root or an element. An image called "querySelectorAll" stands in front of the document's method,
 * a control of that name in front of its form's.
 */
export function allIn<T extends Element = Element>(root: ParentNode & Node, selector: string): NodeListOf<T> {
  return prototypeOf(root).querySelectorAll.call(root, selector) as NodeListOf<T>;
}

function prototypeOf(root: Node): ParentNode {
  if (root.nodeType === Node.DOCUMENT_NODE) return Document.prototype;
  return root.nodeType === Node.DOCUMENT_FRAGMENT_NODE ? DocumentFragment.prototype : Element.prototype;
}

/** The element of an id in the tree of another. */
export function elementOf(id: string, beside: Element): Element | null {
  const root = Node.prototype.getRootNode.call(beside);
  if (root.nodeType === Node.DOCUMENT_NODE) return Document.prototype.getElementById.call(root, id);
  return isShadow(root) ? root.getElementById(id) : null;
}

/** A walker that stands at the element and sees `show` of its tree. */
export function walkerAt(element: Element, show: number): TreeWalker {
  const walker = Document.prototype.createTreeWalker.call(element.ownerDocument, Node.prototype.getRootNode.call(element), show);
  walker.currentNode = element;
  return walker;
}

/** The frame element around the element's document; null at the top and where the parent is of another origin. */
export function frameOf(element: Element): Element | null {
  try {
    return element.ownerDocument.defaultView?.frameElement ?? null;
  } catch {
    return null;
  }
}

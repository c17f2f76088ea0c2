/** Whether a person can see an element: an invisible field is a trap, and is neither shown nor filled. */
import { hiddenReason } from "./engine/visibility";

export type Visibility = (element: Element) => boolean;

/** Visible in its document, and so is each frame around it. */
export const visible: Visibility = (element) => hiddenReason(element) === null;

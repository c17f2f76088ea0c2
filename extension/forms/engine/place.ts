/**
 * Where controls stand, to notice that one moved after it was shown.
 */

/** How far a whole form may shift while a banner comes or goes, in CSS pixels. */
const FARTHEST_X = 200;
const FARTHEST_Y = 600;

/** Where a control stands, to notice that it moved since it was shown. */
export interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The place of a control in its document, in CSS pixels. */
export function placeOf(element: Element): Place {
  const box = element.getBoundingClientRect();
  const view = element.ownerDocument.defaultView;
  return { left: box.left + (view?.scrollX ?? 0), top: box.top + (view?.scrollY ?? 0), width: box.width, height: box.height };
}

/** Whether the controls moved against each other or changed their size; a whole form that shifts has not moved. */
export function moved(before: readonly Place[], after: readonly Place[]): boolean {
  const first = before[0];
  const now = after[0];
  if (!first || !now || before.length !== after.length) return before.length !== after.length;
  const shiftX = now.left - first.left;
  const shiftY = now.top - first.top;
  if (Math.abs(shiftX) > FARTHEST_X || Math.abs(shiftY) > FARTHEST_Y) return true;
  return before.some((place, index) => {
    const other = after[index] as Place;
    const stray = Math.hypot(other.left - place.left - shiftX, other.top - place.top - shiftY);
    return stray > 120 || other.width < place.width / 2 || other.height < place.height / 2;
  });
}

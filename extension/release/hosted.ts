/** Which frames of other sites are filled, and with what: one processor's where it is known, else one site's that the person is told of. Pure. */
import { groupFrames } from "../forms/engine/frames";
import type { FieldType } from "../forms/engine/rules";
import { type FieldKind, kindOf } from "../forms/fields";
import type { FrameLook } from "../forms/hosted";

/** A frame of another site that is filled. Document and origin come from the browser. */
export interface Hosted {
  documentId: string;
  origin: string;
  types: FieldType[];
}

/** What the person is told of one site whose frames hold card fields; without `kinds` it gets nothing. */
export interface FrameSite {
  origin: string;
  /** The processor's name; null when the registry knows none of this origin. */
  processor: string | null;
  kinds: FieldKind[];
}

/** A frame that a person can see, with what it offers. */
export interface Offered extends Pick<FrameLook, "types" | "card"> {
  documentId: string;
  origin: string;
  processor: string | null;
}

const TOP = "";

/**
 * The frames to fill beside the top document's own fields (`own`). A site that the registry does not know gets something only
 * where nobody else takes the number; no type is given twice.
 */
export function choose(own: FieldType[], offers: Offered[]): Hosted[] {
  const known = offers.filter(({ processor }) => processor !== null);
  const best = largest(own, partiesOf(known, ({ processor }) => processor ?? ""));
  if (best.length > 0 || own.includes("cc-number")) return best;
  return largest(own, partiesOf(offers.filter(({ processor }) => processor === null), ({ origin }) => origin));
}

// A form is one party's: a number at one processor and its code at another would be two forms.
function partiesOf(offers: Offered[], nameOf: (offer: Offered) => string): Offered[][] {
  const parties = new Map<string, Offered[]>();
  for (const offer of offers) parties.set(nameOf(offer), [...(parties.get(nameOf(offer)) ?? []), offer]);
  return [...parties.values()];
}

function largest(own: FieldType[], parties: Offered[][]): Hosted[] {
  const count = (party: Hosted[]) => party.reduce((sum, { types }) => sum + types.length, 0);
  return parties.map((party) => shared(own, party)).reduce((best, party) => (count(party) > count(best) ? party : best), []);
}

function shared(own: FieldType[], party: Offered[]): Hosted[] {
  const left = party.map(({ documentId, types }) => ({ frame: documentId, types: types.filter((type) => !own.includes(type)) }));
  const groups = groupFrames(own.length > 0 ? [{ frame: TOP, types: own }, ...left] : left);
  return party.flatMap(({ documentId, origin }) => {
    const types = groups.get(documentId);
    return types ? [{ documentId, origin, types }] : [];
  });
}

/** The sites to tell of: those that get something, and those that hold a card form and get nothing. */
export function sitesOf(offers: Offered[], hosted: Hosted[]): FrameSite[] {
  const sites = new Map<string, FrameSite>();
  for (const { documentId, origin, processor, card } of offers) {
    const kinds = hosted.find((frame) => frame.documentId === documentId)?.types.map(kindOf) ?? [];
    if (kinds.length === 0 && !card) continue;
    const before = sites.get(origin)?.kinds ?? [];
    sites.set(origin, { origin, processor, kinds: [...new Set([...before, ...kinds])] });
  }
  return [...sites.values()].sort((one, other) => (one.origin < other.origin ? -1 : 1));
}

/** Whether a site gets something that no registry knows: only a person may allow that. */
export function unknownSite({ processor, kinds }: FrameSite): boolean {
  return processor === null && kinds.length > 0;
}

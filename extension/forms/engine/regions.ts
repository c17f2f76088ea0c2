/**
 * Countries and states by code and by name, as an address form may want them.
 */

// ISO 3166-2: the countries whose checkouts ask for a state by code in one shop and by name in the next.
const STATES: Readonly<Record<string, string>> = {
  US: "AL Alabama,AK Alaska,AZ Arizona,AR Arkansas,CA California,CO Colorado,CT Connecticut,DE Delaware,DC District of Columbia,FL Florida,GA Georgia,HI Hawaii,ID Idaho,IL Illinois,IN Indiana,IA Iowa,KS Kansas,KY Kentucky,LA Louisiana,ME Maine,MD Maryland,MA Massachusetts,MI Michigan,MN Minnesota,MS Mississippi,MO Missouri,MT Montana,NE Nebraska,NV Nevada,NH New Hampshire,NJ New Jersey,NM New Mexico,NY New York,NC North Carolina,ND North Dakota,OH Ohio,OK Oklahoma,OR Oregon,PA Pennsylvania,RI Rhode Island,SC South Carolina,SD South Dakota,TN Tennessee,TX Texas,UT Utah,VT Vermont,VA Virginia,WA Washington,WV West Virginia,WI Wisconsin,WY Wyoming",
  CA: "AB Alberta,BC British Columbia,MB Manitoba,NB New Brunswick,NL Newfoundland and Labrador,NS Nova Scotia,NT Northwest Territories,NU Nunavut,ON Ontario,PE Prince Edward Island,QC Quebec,SK Saskatchewan,YT Yukon",
  AU: "ACT Australian Capital Territory,NSW New South Wales,NT Northern Territory,QLD Queensland,SA South Australia,TAS Tasmania,VIC Victoria,WA Western Australia",
};

/** A state by the word it was given as, then by its other one. */
export function stateTexts(state: string, country: string): string[] {
  if (!state) return [];
  const given = state.toLowerCase();
  for (const entry of (STATES[country] ?? "").split(",")) {
    const space = entry.indexOf(" ");
    const [code, name] = [entry.slice(0, space), entry.slice(space + 1)];
    if (given === code.toLowerCase()) return [state, name];
    if (given === name.toLowerCase()) return [state, code];
  }
  return [state];
}

/** A country by its name in the page's language, in English and in its own, then by its code (ISO 3166-1 alpha-2). */
export function countryTexts(country: string, language: string): string[] {
  if (!country) return [];
  return [...new Set([...[language, "en", country].map((code) => countryName(country, code)), country])].filter(Boolean);
}

function countryName(country: string, language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: "region" }).of(country) ?? "";
  } catch {
    return ""; // a page may name a language that is none
  }
}

/** The language that the element is written in, as the page says. */
export function languageOf(element: Element): string {
  return element.closest("[lang]")?.getAttribute("lang") || element.ownerDocument.documentElement.lang || "en";
}

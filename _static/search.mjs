// The book's search: sections, questions, messages, terms and claims, each found by any of the words that are asked for.
//
// `search.json` has them all (coursekit writes it with the site); it and MiniSearch are loaded when somebody searches.

import MiniSearch from "./minisearch.mjs";

// A number stays whole, so that a loss of 2.3026 is not a 2 and a 3026.
const WORDS = /\d+(?:\.\d+)+(?:e-?\d+)?|[\p{L}\p{N}]+/gu;

const COMMON = new Set(
  ("a an and any are as at be been but by can could did do does for from get gets had has have how i if in into is it its me my" +
    " of on or our so than that the their them then there these they this to was we were what when where which while who" +
    " why will with would you your").split(" "),
);

// What somebody's own machine or model has put into a message: paths, addresses, the names of nodes, a trace's lines.
const OWN = /\{\{.*?\}\}|\[\[.*?\]\]|\[Op:.*?\]|\S*[/\\]\S+[/\\]\S*|0x[\da-f]+|line \d+/gi;

const LONG = 12; // words from which on a query is a message that was pasted
const TRACE = 20; // and from which on it is a trace, whose numbers are lines and shapes

/** Return the words of a text. */
export function words(text) {
  return text.toLowerCase().match(WORDS) ?? [];
}

/** Return what to search for when somebody types or pastes a text. */
export function asked(query) {
  const found = words(query.replace(OWN, " "));
  const rare = found.filter((word) => !COMMON.has(word));
  const telling = rare.length > TRACE ? rare.filter((word) => !/^\d+$/.test(word)) : rare;
  return [...new Set(telling.length ? telling : found)];
}

/** Return an index of entries with a title, the page it is on, its kind, and its text. */
export function indexOf(entries) {
  const index = new MiniSearch({
    fields: ["title", "text"],
    storeFields: ["url", "title", "page", "kind", "text"],
    tokenize: words,
    processTerm: (word) => (COMMON.has(word) ? null : word),
  });
  index.addAll(entries.map((entry, id) => ({ id, ...entry })));
  return index;
}

// A question or a message that fits is what somebody looks for who asks in these words.
const WEIGHTS = { question: 1.6, message: 1.6, term: 1.2, claim: 0.8, section: 1, helper: 0.6 };

/** Return the entries that fit a query, best first. */
export function find(index, query, limit = 20) {
  const terms = asked(query);
  const found = index.search(terms.join(" "), {
    boost: { title: 3 },
    boostDocument: (id, term, entry) => WEIGHTS[entry.kind],
    // The last word may still be being typed.
    prefix: (word, place) => place === terms.length - 1 && word.length > 2 && terms.length <= LONG,
    fuzzy: (word) => word.length > 4 && !/\d/.test(word) && terms.length <= LONG && 0.2,
    weights: { fuzzy: 0.45, prefix: 0.6 },
  });
  const isNamed = ({ title }) => Number(title.toLowerCase() === query.trim().toLowerCase());
  return found.sort((a, b) => isNamed(b) - isNamed(a)).slice(0, limit);
}

/** Return the part of a text that has most of the words, and the places of these words in it, as [from, to]. */
export function excerpt(text, terms, length = 180) {
  const wanted = new Set(terms);
  const places = [...text.matchAll(WORDS)].filter((match) => wanted.has(match[0].toLowerCase()));
  let best = { start: 0, count: 0 };
  places.forEach((match, i) => {
    const inside = places.slice(i).filter((later) => later.index + later[0].length - match.index < length);
    const count = new Set(inside.map((each) => each[0].toLowerCase())).size;
    if (count > best.count) best = { start: match.index, count };
  });
  const from = best.start < 30 ? 0 : text.lastIndexOf(" ", best.start - 20) + 1;
  const end = text.length - from <= length ? text.length : text.lastIndexOf(" ", from + length);
  const part = (from ? "… " : "") + text.slice(from, end) + (end < text.length ? " …" : "");
  const marks = [...part.matchAll(WORDS)].filter((match) => wanted.has(match[0].toLowerCase()));
  return { part, marks: marks.map((match) => [match.index, match.index + match[0].length]) };
}

// On the page

const root = new URL("..", import.meta.url);
let loaded;

function load() {
  loaded ??= fetch(new URL("search.json", root))
    .then((answer) => answer.json())
    .then(indexOf);
  return loaded;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function shown(entry) {
  const { part, marks } = excerpt(entry.text, entry.terms);
  const context = element("p", { className: "context" });
  let at = 0;
  for (const [from, to] of marks) {
    context.append(part.slice(at, from), element("span", { className: "highlighted" }, part.slice(from, to)));
    at = to;
  }
  context.append(part.slice(at));
  const link = element("a", { href: new URL(entry.url, root).href }, entry.title);
  const where = entry.page === entry.title ? [] : [element("span", { className: "where" }, ` ${entry.page}`)];
  return element("li", {}, link, ...where, context);
}

/** Show what fits a query in the page's list of results. */
export async function show(query, isWanted = () => true) {
  const index = await load();
  if (!isWanted()) return; // something else was typed meanwhile
  const found = find(index, query);
  const summary = found.length ? `${found.length} results for “${query.length > 60 ? `${query.slice(0, 60)} …` : query}”` : `Nothing was found for “${query}”.`;
  const said = element("p", { className: "search-summary" }, summary);
  said.setAttribute("role", "status");
  const list = element("ul", { className: "search" }, ...found.map(shown));
  document.querySelector("#search-results").replaceChildren(said, ...(found.length ? [list] : []));
}

/**
 * The arithmetic of the text widget: bits, what is drawn from, chance from a seed, texts in the network's characters,
 * bets with chips, and the state in an address. Chapter 9 has the same in Python; the tests compare each.
 */
import { crossEntropy, logSoftmax } from "./losses.mjs";

export const MOST_READ = 4000; // characters of a text that is read
export const LONGEST_PROMPT = 400;
export const CHIPS = 100;
const LONGEST_LINK = 200;
const ADDRESS = /^#writer=t(?::|%3A)([^;%]+)(?:;|%3B)k(?::|%3A)([^;%]+)(?:;|%3B)q(?::|%3A)([^;%]+)(?:;|%3B)s(?::|%3A)([^;%]+)(?:;|%3B)p(?::|%3A)(.*)$/i;
// What stands for a character that the network has not; NFKD takes the accents off the others.
const STANDS_FOR = {
  "‘": "'", "’": "'", "‚": "'", "‛": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
  "–": "-", "—": "--", "―": "--", "−": "-", "‐": "-", "‑": "-", "…": "...", "\t": " ", "ß": "ss", "æ": "ae", "Æ": "Ae",
  "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L",
};

/** −log₂ p of the next character, by its number. */
export function bitsOf(id, logits) {
  return crossEntropy(id, logits) / Math.LN2;
}

/** What the network expects to pay for the next character, in bits: −Σ p log₂ p. */
export function entropyOf(logits, temperature = 1) {
  const logProbs = logSoftmax(logits, temperature);
  return -logProbs.reduce((sum, each) => sum + (Math.exp(each) || 0) * Math.max(each, -1e3), 0) / Math.LN2;
}

/** The logits with −Infinity for all but the k largest; what equals the last of these stays. */
export function topK(logits, k) {
  const last = [...logits].sort((a, b) => b - a)[k - 1];
  return logits.map((z) => (z < last ? -Infinity : z));
}

/** The logits with −Infinity for all but the likeliest that make up the share p. */
export function topP(logits, p) {
  const probs = logSoftmax(logits).map(Math.exp);
  let sum = 0;
  let last = 1;
  for (const each of [...probs].sort((a, b) => b - a)) {
    if (sum >= p) break; // the likelier ones are enough
    last = each;
    sum += each;
  }
  return logits.map((z, id) => (probs[id] < last ? -Infinity : z));
}

/** What the next character is drawn from: softmax of the logits / temperature, after top-k and then top-p. */
export function drawnFrom(logits, { temperature = 1, top_k = Infinity, top_p = 1 } = {}) {
  let scores = logits.map((z) => z / temperature);
  if (top_k < scores.length) scores = topK(scores, top_k);
  if (top_p < 1) scores = topP(scores, top_p); // 1 keeps all, also what rounding would lose
  return logSoftmax(scores).map(Math.exp);
}

/** The position that a number u, from 0 to below 1, draws from probabilities; never one whose probability is 0. */
export function pick(probs, u) {
  const sum = probs.reduce((total, p) => total + p, 0);
  let edge = 0;
  let last = 0;
  for (const [id, p] of probs.entries()) {
    if (p === 0) continue;
    edge += p;
    last = id;
    if (edge / sum > u) return id;
  }
  return last;
}

/** A number in 32 bits, each of which depends on each of the given ones: the last step of MurmurHash3, public domain. */
function mixed(bits) {
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** The n-th random number of a seed, from 0 to below 1. It depends on nothing else, so a text can be gone back to. */
export function chance(seed, n) {
  return mixed(mixed(seed + 0x9e3779b9) + Math.imul(n + 1, 0x9e3779b9)) / 2 ** 32;
}

/** A character in words where it cannot be seen. */
export function nameOf(character) {
  return { " ": "space", "\n": "newline" }[character] ?? character;
}

/** Characters that the network has not, once each and as Python names them: ’ (U+2019). At most eight of them. */
export function named(strangers) {
  const codes = [...new Set(strangers)].map((each) => {
    const code = each.codePointAt(0);
    // What has no shape of its own, or changes the direction of what follows, is named by its number alone.
    const visible = !/[\p{C}\p{M}\p{Z}]/u.test(each);
    return `${visible ? `${each} ` : ""}(U+${code.toString(16).toUpperCase().padStart(4, "0")})`;
  });
  return codes.slice(0, 8).join(", ") + (codes.length > 8 ? ` and ${codes.length - 8} more` : "");
}

/**
 * A text in the characters that the network has: {ids, plain, replaced, skipped}. The last two are the characters that it
 * has not, each time that one came. Without `replace` all of these are skipped. Line ends become those of the plays.
 */
export function fit(text, characters, replace = false) {
  const numbers = new Map([...characters].map((character, id) => [character, id]));
  const found = { ids: [], plain: "", replaced: [], skipped: [] };
  for (const character of text.replace(/\r\n?/g, "\n")) {
    let stand = character;
    if (!numbers.has(character)) {
      const without = replace ? character.normalize("NFKD").replace(/\p{M}/gu, "") : "";
      stand = replace ? (STANDS_FOR[character] ?? without) : "";
      if ([...stand].some((each) => !numbers.has(each))) stand = "";
      found[stand ? "replaced" : "skipped"].push(character);
    }
    found.plain += stand;
    for (const each of stand) found.ids.push(numbers.get(each));
  }
  return found;
}

/**
 * Probabilities from chips: `bets` is pairs [id, chips] that leave some of the 100; the rest is spread evenly over the
 * other ids. Chips on the same id add up.
 */
export function probsOfChips(bets, count) {
  const chips = new Map();
  for (const [id, each] of bets) chips.set(id, (chips.get(id) ?? 0) + each);
  const placed = [...chips.values()].reduce((sum, each) => sum + each, 0);
  const rest = (CHIPS - placed) / (count - chips.size);
  return Array.from({ length: count }, (_, id) => (chips.get(id) ?? rest) / CHIPS);
}

/** The settings as they stand in a page's address; null where that would be too long. */
export function toFragment({ prompt, temperature, top_k, top_p, seed }) {
  const safe = encodeURIComponent(prompt.isWellFormed?.() === false ? "" : prompt);
  const fragment = `#writer=t:${temperature};k:${top_k};q:${top_p};s:${seed};p:${safe}`;
  return fragment.length < LONGEST_LINK && safe ? fragment : null;
}

/** The settings of an address; null where it holds none. */
export function fromFragment(fragment) {
  const found = fragment.length <= 2 * LONGEST_LINK && fragment.match(ADDRESS);
  if (!found) return null;
  const number = (digits) => (/^\d+(\.\d+)?$/.test(digits) ? Number(digits) : NaN); // Number("") would be 0
  const [temperature, top_k, top_p, seed] = found.slice(1, 5).map(number);
  let prompt;
  try {
    prompt = decodeURIComponent(found[5]);
  } catch {
    return null; // no UTF-8
  }
  const good =
    temperature >= 0.1 && temperature <= 2 &&
    Number.isInteger(top_k) && top_k >= 1 && top_k <= 84 &&
    top_p >= 0.05 && top_p <= 1 &&
    Number.isInteger(seed) && seed <= 999_999 &&
    prompt.length >= 1 && prompt.length <= LONGEST_PROMPT;
  return good ? { prompt, temperature, top_k, top_p, seed } : null;
}

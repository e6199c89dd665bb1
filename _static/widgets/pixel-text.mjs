/** The pixel explorer's numbers as text. */
import { superscript, text } from "./parts.mjs";

const whole = new Intl.NumberFormat("en");
// Stored losses are multiples of 0.05, so are their sums: with one digit every other one would be a tie.
const hundredths = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
export const count = (number) => whole.format(number);
export const sums = (number) => hundredths.format(number);
/** A share as percent, with a space that does not break; two digits where one would leave nothing of a small share. */
export const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.001 ? 2 : 1)}\u00a0%`;

/**
 * A number from 0, such that its logarithm can be checked: `digits` behind the point, and below 0.1 significant ones: two
 * where `digits` is 2, else three. Below 0.0001 as 3.2 · 10⁻⁵, with narrow spaces that do not break.
 */
export function significant(number, digits = 2) {
  if (number >= 0.0995 || number === 0) return text(number, digits);
  const [factor, power] = number.toExponential(digits > 2 ? 2 : 1).split("e-");
  if (Number(power) <= 4) return Number(`${factor}e-${power}`).toFixed(Number(power) + (digits > 2 ? 2 : 1));
  return `${factor}\u202f·\u202f10${superscript(`-${power}`)}`;
}

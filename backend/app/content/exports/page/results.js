// What attempts come to. A result is kept as "12.5/20", with a t behind it where the time was over.

import { compared, fraction, numberOf, over, plus, times } from "./exact.js";

export function readResult(result) {
  const [points, possible] = result.replace("t", "").split("/").map(numberOf);
  const percent = possible.n ? over(times(points, fraction(100)), possible) : fraction(0);
  return { points, possible, percent, late: result.endsWith("t") };
}

// In percent, by the rule which attempt counts; null without one.
export function overall(results, method) {
  const percents = results.map(one => readResult(one).percent);
  if (!percents.length) return null;
  switch (method) {
    case "last": return percents[percents.length - 1];
    case "first": return percents[0];
    case "average": return over(percents.reduce(plus), fraction(percents.length));
    default: return percents.reduce((best, one) => (compared(one, best) > 0 ? one : best));
  }
}

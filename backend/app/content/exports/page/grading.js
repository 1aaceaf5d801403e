// What an answer is worth: the school's own rules, in the browser.

import { compared, fraction, numberOf } from "./exact.js";

function among(value) {
  return new Set(Array.isArray(value) ? value.filter(one => typeof one === "string") : []);
}

// The area of a picture at a point, in percent; the smallest where several lie on each other.
export function areaAt(content, x, y) {
  if (typeof x !== "number" || typeof y !== "number") return null;
  const hit = content.areas.filter(one => one.x <= x && x <= one.x + one.width && one.y <= y && y <= one.y + one.height);
  let smallest = null;
  for (const one of hit) if (!smallest || one.width * one.height < smallest.width * smallest.height) smallest = one;
  return smallest && smallest.id;
}

export function areaOf(content, answer) {
  return "id" in answer ? answer.id : areaAt(content, answer.x, answer.y);
}

function share(kind, content, key, answer) {
  switch (kind) {
    case "choice":
      return fraction(answer.id === key.id ? 1 : 0);
    case "multiple": {
      const [right, chosen] = [new Set(key.ids), [...among(answer.ids)]];
      const good = chosen.filter(one => right.has(one)).length;
      return fraction(good - (chosen.length - good), right.size);
    }
    case "numeric": {
      const number = numberOf(answer.value ?? "");
      if (!number) return fraction(0);
      const [value, off] = [numberOf(key.value), numberOf(key.tolerance || "0")];
      const apart = fraction(number.n * value.d - value.n * number.d, number.d * value.d);
      return fraction(compared(apart.n < 0n ? fraction(-apart.n, apart.d) : apart, off) <= 0 ? 1 : 0);
    }
    case "match": {
      const [right, given] = [Object.entries(key.pairs), answer.pairs];
      if (typeof given !== "object" || given === null) return fraction(0);
      return fraction(right.filter(([prompt, option]) => given[prompt] === option).length, right.length);
    }
    case "order": {
      const [right, given] = [key.ids, answer.ids];
      if (!Array.isArray(given) || given.length !== right.length || among(given).size !== right.length) return fraction(0);
      if (!given.every(one => right.includes(one))) return fraction(0);
      return fraction(given.filter((one, at) => one === right[at]).length, right.length);
    }
    default: {
      const area = areaOf(content, answer);
      return fraction(area !== null && area !== undefined && key.ids.includes(area) ? 1 : 0);
    }
  }
}

// The share of a question's points, 0 to 1; no answer and nonsense earn nothing.
export function credit(kind, content, key, answer) {
  if (!answer || Object.keys(answer).length === 0) return fraction(0);
  const found = share(kind, content, key, answer);
  return compared(found, fraction(0)) < 0 ? fraction(0) : compared(found, fraction(1)) > 0 ? fraction(1) : found;
}

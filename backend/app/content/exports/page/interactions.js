// An answer in the words that all the standards share, before each writes it in its own way.

import { plainNumber, rough } from "./exact.js";
import { areaOf } from "./grading.js";

const TYPES = { choice: "choice", multiple: "choice", hotspot: "choice", numeric: "numeric", match: "matching", order: "sequencing" };
const RESPONSES = {
  choice: answer => [answer.id],
  multiple: answer => [...answer.ids].sort(),
  order: answer => answer.ids,
  numeric: answer => plainNumber(answer.value),
  match: answer => Object.entries(answer.pairs),
};

// What was given: a list of names, of pairs of names, or a number as text; null for no answer.
function given(question, answer) {
  if (Object.keys(answer).length === 0) return null;
  if (question.kind === "hotspot") {
    const area = areaOf(question.content, answer);
    return area === null ? [] : [area];
  }
  return RESPONSES[question.kind](answer);
}

// Each way to be right; of a picture any of its right areas is one.
function right({ kind, key }) {
  if (kind === "hotspot") return key.ids.map(one => [one]);
  if (kind === "numeric") return [key];
  return [RESPONSES[kind](key)];
}

export function interaction(question, answer, share) {
  return {
    id: question.id,
    type: TYPES[question.kind],
    description: question.plain,
    names: question.names,
    texts: question.texts,
    sources: (question.content.prompts ?? []).map(one => one.id),
    targets: (question.content.options ?? question.content.areas ?? []).map(one => one.id),
    response: given(question, answer),
    right: right(question),
    share: rough(share),
    points: question.points,
    at: new Date(),
  };
}

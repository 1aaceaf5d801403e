// Which questions are asked, and in which order: by a seed, which is all that has to be kept of it.

function numbers(seed) {
  let state = 2_166_136_261;
  for (const sign of seed) state = Math.imul(state ^ sign.codePointAt(0), 16_777_619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function newSeed() {
  return [...crypto.getRandomValues(new Uint8Array(8))].map(one => one.toString(16).padStart(2, "0")).join("");
}

export function shuffled(items, seed) {
  const [mixed, next] = [[...items], numbers(seed)];
  for (let at = mixed.length - 1; at > 0; at -= 1) {
    const other = Math.floor(next() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other], mixed[at]];
  }
  return mixed;
}

// Places of the questions that are asked, in order.
export function draw(pools, seed, shuffle) {
  const chosen = [];
  pools.forEach((pool, number) => {
    const picked = new Set(shuffled(pool.questions, `${seed}/pool/${number}`).slice(0, pool.draw));
    for (const one of pool.questions) if (picked.has(one) && !chosen.includes(one)) chosen.push(one);
  });
  return shuffle ? shuffled(chosen, `${seed}/questions`) : chosen;
}

// A question's content as it is shown: steps to be put in order and what is matched with are always mixed, and steps
// never stand in the right order.
export function asShown(question, place, seed, shuffle) {
  const { kind, content, key } = question;
  if (kind === "hotspot") return { areas: content.areas.map(({ id, label }) => ({ id, label })) };
  if (!content.options || !(shuffle || kind === "order" || kind === "match")) return content;
  let options = shuffled(content.options, `${seed}/options/${place}`);
  if (kind === "order" && options.length > 1 && options.every((one, at) => one.id === key.ids[at])) {
    options = [...options.slice(1), options[0]];
  }
  return { ...content, options };
}

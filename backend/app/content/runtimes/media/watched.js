// Which pieces were played since the lesson was opened, in milliseconds of the film. Jumping over a piece is not
// playing it; playing it twice counts once.

const NEAR_MS = 1_500; // between two looks while it plays; further apart, something jumped

export function merged(pieces) {
  const found = [];
  for (const [start, end] of pieces.filter(([a, b]) => b > a).sort((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}

export function total(pieces) {
  return pieces.reduce((sum, [start, end]) => sum + end - start, 0);
}

// What of the pieces is in none of the others.
export function without(pieces, others) {
  return merged(others).reduce((left, [from, to]) => left.flatMap(([start, end]) => {
    return [[start, Math.min(end, from)], [Math.max(start, to), end]].filter(([a, b]) => b > a);
  }), merged(pieces));
}

export class Watched {
  constructor() {
    this.pieces = [];
    this.current = null; // the piece that is being played
    this.seconds = 0; // real time in which something was played
    this.looked = 0;
  }

  // It plays, and is at `at`.
  plays(at, speed) {
    const now = performance.now();
    if (this.current && at >= this.current[1] && at - this.current[1] <= NEAR_MS * speed + (now - this.looked) * speed) {
      this.current[1] = at;
      this.seconds += (now - this.looked) / 1000;
    } else {
      this.stops();
      this.current = [at, at];
    }
    this.looked = now;
  }

  // It stands still, or has jumped; `at` is where it played up to, if that is known.
  stops(at) {
    if (!this.current) return;
    if (at !== undefined && at > this.current[1] && at - this.current[1] <= 2 * NEAR_MS) this.current[1] = at;
    this.pieces = merged([...this.pieces, this.current]);
    this.current = null;
  }

  // All of it within a film of this length: browsers put its end elsewhere than the server does.
  within(length) {
    const played = merged(this.current ? [...this.pieces, this.current] : this.pieces);
    return played.map(piece => piece.map(at => Math.min(Math.round(at), length))).filter(([start, end]) => end > start);
  }
}

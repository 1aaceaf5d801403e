// Stands in for localStorage and sessionStorage in courses where the browser gives a frame of another site none. What
// a course keeps here lasts as long as the lesson is open, and is seen by this course alone.
(() => {
  const holder = (() => {
    for (let at = window, i = 0; at && i < 20; i += 1) {
      try { if (at.aadaStorage) return at.aadaStorage; } catch { return null; }
      at = at.parent !== at ? at.parent : at.opener;
    }
    return null;
  })() ?? { local: new Map(), session: new Map() };

  const over = kept => new Proxy({
    getItem: key => kept.get(String(key)) ?? null,
    setItem: (key, value) => { kept.set(String(key), String(value)); },
    removeItem: key => { kept.delete(String(key)); },
    clear: () => { kept.clear(); },
    key: at => [...kept.keys()][at] ?? null,
    get length() { return kept.size; },
  }, {
    get: (own, key) => (key in own || typeof key !== "string" ? own[key] : kept.get(key)),
    set: (own, key, value) => { kept.set(String(key), String(value)); return true; },
    has: (own, key) => key in own || kept.has(String(key)),
    deleteProperty: (own, key) => { kept.delete(String(key)); return true; },
    ownKeys: () => [...kept.keys()],
    getOwnPropertyDescriptor: (own, key) => (kept.has(String(key))
      ? { value: kept.get(String(key)), writable: true, enumerable: true, configurable: true } : undefined),
  });
  Object.defineProperty(window, "localStorage", { value: over(holder.local), configurable: true });
  Object.defineProperty(window, "sessionStorage", { value: over(holder.session), configurable: true });
})();

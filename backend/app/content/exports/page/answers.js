// Answers as short text: what a learning system keeps of a lesson may be limited to some thousand characters.

const SHORT = { choice: "id", numeric: "value", multiple: "ids", order: "ids" };

export function packed(kind, answer) {
  if (kind === "match") return Object.entries(answer.pairs ?? {}).map(pair => pair.join(".")).join(",");
  if (kind === "hotspot") {
    if (answer.id !== undefined) return `i${answer.id}`;
    return answer.x === undefined ? "" : `${answer.x.toFixed(2)}:${answer.y.toFixed(2)}`;
  }
  const value = answer[SHORT[kind]];
  return Array.isArray(value) ? value.join(",") : value ?? "";
}

export function unpacked(kind, text) {
  if (!text) return {};
  if (kind === "match") return { pairs: Object.fromEntries(text.split(",").map(pair => pair.split("."))) };
  if (kind === "hotspot") {
    if (text.startsWith("i")) return { id: text.slice(1) };
    const [x, y] = text.split(":").map(Number);
    return { x, y };
  }
  const name = SHORT[kind];
  return { [name]: name === "ids" ? text.split(",") : text };
}

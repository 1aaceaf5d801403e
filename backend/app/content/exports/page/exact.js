// Numbers without rounding: fractions of whole numbers, so that nobody passes or fails by how a browser counts.

const LONGEST = 40;
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;
const IN_THOUSANDS = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/;

function common(a, b) {
  let [one, other] = [a < 0n ? -a : a, b];
  while (other) [one, other] = [other, one % other];
  return one || 1n;
}

export function fraction(n, d = 1n) {
  const by = common(BigInt(n), BigInt(d));
  return { n: BigInt(n) / by, d: BigInt(d) / by };
}

// What somebody types as a number, with a decimal point and no thousands: 12,5 is 12.5, and 1,000 is 1000.
export function plainNumber(value) {
  const text = String(value).trim().replaceAll("−", "-");
  return text.replaceAll(",", IN_THOUSANDS.test(text) ? "" : ".");
}

// A number as somebody types it: 12.5, 12,5, 1,000, 1e3; null for anything else.
export function numberOf(value) {
  const text = plainNumber(value);
  if (text.length > LONGEST) return null;
  const parts = NUMBER.exec(text.replaceAll("_", ""));
  if (!parts || !(parts[2] || parts[3])) return null;
  const behind = parts[3] ?? "";
  const power = Number(parts[4] ?? 0) - behind.length;
  const digits = BigInt(parts[2] + behind);
  if (Math.abs(String(digits).length - 1 + power) > LONGEST) return null;
  const whole = parts[1] === "-" ? -digits : digits;
  return power < 0 ? fraction(whole, 10n ** BigInt(-power)) : fraction(whole * 10n ** BigInt(power));
}

export function plus(a, b) {
  return fraction(a.n * b.d + b.n * a.d, a.d * b.d);
}

export function times(a, b) {
  return fraction(a.n * b.n, a.d * b.d);
}

export function over(a, b) {
  return fraction(a.n * b.d, a.d * b.n);
}

// Below 0, 0 or above 0, as a is below, equal to or above b.
export function compared(a, b) {
  const difference = a.n * b.d - b.n * a.d;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

// With at most four decimals, rounded down; for numbers from 0 on.
export function written(a) {
  const text = String((a.n * 10_000n) / a.d).padStart(5, "0");
  const behind = text.slice(-4).replace(/0+$/, "");
  return behind ? `${text.slice(0, -4)}.${behind}` : text.slice(0, -4);
}

export function rough(a) {
  return Number(written(a));
}

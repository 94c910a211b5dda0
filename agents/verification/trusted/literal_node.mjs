// As JSON, with the words of JavaScript for what JSON has none for; throws for what cannot be written down.

const DEPTH = 50;

export function literal(value, depth = 0) {
  if (depth > DEPTH) throw new RangeError('too deep');
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === undefined) return 'undefined';
  const inner = (item) => literal(item, depth + 1);
  const object = (entries) => `{${entries.map(([name, item]) => `${JSON.stringify(String(name))}: ${inner(item)}`).join(', ')}}`;
  if (Array.isArray(value) || value instanceof Set) return `[${Array.from(value, inner).join(', ')}]`;
  if (value instanceof Map) return object([...value]);
  if (Object.getPrototypeOf(value) === Object.prototype) return object(Object.entries(value));
  throw new TypeError('no literal');
}

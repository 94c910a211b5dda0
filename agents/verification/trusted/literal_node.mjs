// As JSON, with the words of JavaScript for what JSON has none for; throws for what cannot be written down, or is so large
// that nobody would read it. What is `plain` comes back the same from its text.

const DEPTH = 50;
const PARTS = 20000;

export function literal(value, { plain = false } = {}) {
  let parts = 0;
  const write = (item, depth) => {
    parts += 1 + (typeof item === 'string' ? item.length / 100 : 0);
    if (depth > DEPTH || parts > PARTS) throw new RangeError('too large');
    if (item === null || typeof item === 'boolean') return String(item);
    if (typeof item === 'number') return plain && Object.is(item, -0) ? refuse() : String(item);
    if (typeof item === 'string') return JSON.stringify(item);
    if (item === undefined) return plain ? refuse() : 'undefined';
    const inner = (each) => write(each, depth + 1);
    if (Array.isArray(item) || (!plain && item instanceof Set)) return `[${Array.from(within(item), inner).join(', ')}]`;
    if (!plain && item instanceof Map) return object([...within(item)], inner);
    if (Object.getPrototypeOf(item) === Object.prototype) return object(within(Object.entries(item)), inner);
    return refuse();
  };
  return write(value, 0);
}

function object(entries, inner) {
  return `{${entries.map(([name, item]) => `${JSON.stringify(String(name))}: ${inner(item)}`).join(', ')}}`;
}

function within(items) {
  if ((items.length ?? items.size) > PARTS) throw new RangeError('too large');
  return items;
}

function refuse() {
  throw new TypeError('no literal');
}

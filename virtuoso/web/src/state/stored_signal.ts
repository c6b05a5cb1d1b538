import { type Signal, effect, signal } from "@preact/signals";

/** Return a signal whose value is stored on this device under `key`. `parse` converts the stored JSON to a value. It must
 * accept any JSON, because an older version of the page may have written it. */
export function storedSignal<T>(key: string, parse: (stored: unknown) => T): Signal<T> {
  const value = signal(parse(read(key)));
  let before = value.peek();
  effect(() => {
    if (value.value !== before) write(key, value.value);
    before = value.value;
  });
  return value;
}

const PREFIX = "virtuoso:";

function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key) ?? "null");
  } catch {
    return null; // storage is not available, or the value has another format
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Private windows have no storage. Settings then last until the page is closed.
  }
}

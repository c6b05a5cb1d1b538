import { type Signal, effect, signal } from "@preact/signals";

/** Return a signal whose value is stored on this device under `key`. `parse` makes a value of the stored JSON. It must accept
 * anything, since an older version of the page may have written it. */
export function storedSignal<T>(key: string, parse: (stored: unknown) => T): Signal<T> {
  const value = signal(parse(read(key)));
  effect(() => {
    write(key, value.value);
  });
  return value;
}

const PREFIX = "virtuoso:";

function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key) ?? "null");
  } catch {
    return null; // storage is not available, or the value is not ours
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // private windows have no storage: settings then last as long as the page
  }
}

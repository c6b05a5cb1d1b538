import { type Signal, effect, signal } from "@preact/signals";

/** A signal whose value stays on this device under `key`. `read` makes a value of what was kept, whatever that is: an older
 * page may have written it. */
export function kept<T>(key: string, read: (stored: unknown) => T): Signal<T> {
  const value = signal(read(stored(key)));
  effect(() => {
    store(key, value.value);
  });
  return value;
}

const PREFIX = "virtuoso:";

function stored(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key) ?? "null");
  } catch {
    return null; // no storage here, or not ours: as if nothing was kept
  }
}

function store(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // private windows have no storage: settings then last as long as the page
  }
}

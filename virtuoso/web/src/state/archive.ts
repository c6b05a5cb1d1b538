import { type DescMessage, type MessageShape, fromBinary, toBinary } from "@bufbuild/protobuf";

// What was last heard stays on the device, as the bytes in which it came, so that the page is never blank.
const DATABASE = "virtuoso";
const STORE = "replies";
const KEPT_MS = 3 * 86_400_000;

/** A message that was heard at `heardMs`, this device's clock, epoch milliseconds. */
export interface Heard<T> {
  readonly message: T;
  readonly heardMs: number;
}

/** The message kept under `key`; undefined where there is none, or it cannot be read. */
export async function recall<Desc extends DescMessage>(
  key: string,
  schema: Desc,
): Promise<Heard<MessageShape<Desc>> | undefined> {
  try {
    const found = await request<{ bytes: Uint8Array; heardMs: number } | undefined>("readonly", (all) => all.get(key));
    return found && { message: fromBinary(schema, found.bytes), heardMs: found.heardMs };
  } catch {
    return undefined; // no database here, or what an older page wrote: as if nothing was kept
  }
}

/** Keep a message under `key`. Failing quietly: the page works without. */
export async function keep<Desc extends DescMessage>(
  key: string,
  schema: Desc,
  message: MessageShape<Desc>,
  heardMs: number,
): Promise<void> {
  try {
    const bytes = toBinary(schema, message);
    await request("readwrite", (all) => all.put({ bytes, heardMs }, key));
  } catch {
    // private windows have no database
  }
}

/** Take everything off this device: what was heard and what was chosen. What writes afterwards writes anew. */
export async function forget(): Promise<void> {
  localStorage.clear();
  await request("readwrite", (all) => all.clear()).catch(() => undefined);
}

/** Take off this device what was heard longer ago than anybody wants to see. */
export async function tidy(): Promise<void> {
  try {
    const all = (await open()).transaction(STORE, "readwrite").objectStore(STORE);
    all.openCursor().onsuccess = (event) => {
      const cursor = (event.target as IDBRequest<IDBCursorWithValue | null>).result;
      if (!cursor) return;
      if (!(Date.now() - (cursor.value as { heardMs: number }).heardMs < KEPT_MS)) cursor.delete();
      cursor.continue();
    };
  } catch {
    // no database here
  }
}

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error ?? new Error("the database cannot be opened"));
  });
  return opened;
}

async function request<T>(mode: IDBTransactionMode, act: (all: IDBObjectStore) => IDBRequest): Promise<T> {
  const database = await open();
  return new Promise((resolve, reject) => {
    const asked = act(database.transaction(STORE, mode).objectStore(STORE));
    asked.onsuccess = () => resolve(asked.result as T);
    asked.onerror = () => reject(asked.error ?? new Error("the database does not answer"));
  });
}

import { type DescMessage, type MessageShape, fromBinary, toBinary } from "@bufbuild/protobuf";

// Replies are stored on the device as protobuf bytes, so that the page can show data before the first answer.
const DATABASE = "virtuoso";
const STORE = "replies";
const MAX_AGE_MS = 3 * 86_400_000;

/** A stored reply, and when it was received by this device's clock, epoch milliseconds. */
interface StoredReply<T> {
  readonly message: T;
  readonly heardMs: number;
}

/** Return the reply that is stored under `key`. Return undefined when there is none, or when it cannot be read. */
export async function loadReply<Desc extends DescMessage>(
  key: string,
  schema: Desc,
): Promise<StoredReply<MessageShape<Desc>> | undefined> {
  try {
    const found = await request<{ bytes: Uint8Array; heardMs: number } | undefined>("readonly", (store) =>
      store.get(key),
    );
    return found && { message: fromBinary(schema, found.bytes), heardMs: found.heardMs };
  } catch {
    return undefined; // there is no database, or an older version of the page wrote the reply
  }
}

/** Store a reply under `key`. A failure is ignored: the page works without stored replies. */
export async function saveReply<Desc extends DescMessage>(
  key: string,
  schema: Desc,
  message: MessageShape<Desc>,
  heardMs: number,
): Promise<void> {
  try {
    const bytes = toBinary(schema, message);
    await request("readwrite", (store) => store.put({ bytes, heardMs }, key));
  } catch {
    // private windows have no database
  }
}

/** Delete everything from this device: replies, settings and the watchlist. */
export async function clearDevice(): Promise<void> {
  localStorage.clear();
  await request("readwrite", (store) => store.clear()).catch(() => undefined);
}

/** Delete replies that are too old to show. */
export async function deleteOldReplies(): Promise<void> {
  try {
    const store = (await open()).transaction(STORE, "readwrite").objectStore(STORE);
    store.openCursor().onsuccess = (event) => {
      const cursor = (event.target as IDBRequest<IDBCursorWithValue | null>).result;
      if (!cursor) return;
      if (!(Date.now() - (cursor.value as { heardMs: number }).heardMs < MAX_AGE_MS)) cursor.delete();
      cursor.continue();
    };
  } catch {
    // there is no database
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

async function request<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const database = await open();
  return new Promise((resolve, reject) => {
    const pending = act(database.transaction(STORE, mode).objectStore(STORE));
    pending.onsuccess = () => resolve(pending.result as T);
    pending.onerror = () => reject(pending.error ?? new Error("the database does not answer"));
  });
}

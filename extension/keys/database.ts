/** One IndexedDB object store for key objects: WebCrypto keys survive there without ever being bytes in our hands. */

const DATABASE = "ledgeros-keys";
const STORE = "keys";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function inStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** The key pair stored under `name`, if any. */
export function loadKeys(name: string): Promise<CryptoKeyPair | undefined> {
  return inStore("readonly", (store) => store.get(name));
}

/** Keep `keys` under `name`; fails when another one is there, so that two first starts cannot overwrite each other. */
export async function addKeys(name: string, keys: CryptoKeyPair): Promise<void> {
  await inStore("readwrite", (store) => store.add(keys, name));
}

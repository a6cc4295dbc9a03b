/** Remembers what was loaded last, looks again after a while, and goes on with what it has while loading fails. */

/** Milliseconds after which things are looked at again, and after which nobody uses them before that has been done. */
type Ages = { fresh: number; stale: number };

/** A thing by its name. */
type Cache<T> = {
  get(name: string): Promise<T>;
  /** When the present thing was asked for, in the clock's milliseconds; null where there is none yet. */
  loadedAt(name: string): number | null;
  /** Loads anew; concurrent callers share one loading. Throws what loading throws. */
  reload(name: string): Promise<T>;
  /** Says that the thing changed: whoever asks from now on gets what is loaded after this. */
  forget(name: string): void;
};

type Entry<T> = { at: number; value: { is: T } | null; loading: Promise<T> | null };

/** `load` is given the thing as it was known before, or null. */
export function createCache<T>(
  load: (name: string, known: T | null) => Promise<T>,
  clock: () => number,
  ages: Ages,
): Cache<T> {
  const entries = new Map<string, Entry<T>>();

  function reload(name: string): Promise<T> {
    const entry: Entry<T> = entries.get(name) ?? { at: -Infinity, value: null, loading: null };
    entries.set(name, entry);
    if (entry.loading) return entry.loading;
    const begun = clock();
    const loading = load(name, entry.value?.is ?? null);
    entry.loading = loading;
    void settle(entry, loading, begun);
    return loading;
  }

  return {
    reload,
    loadedAt: (name) => entries.get(name)?.at ?? null,
    get(name) {
      const entry = entries.get(name);
      if (!entry?.value) return reload(name);
      const { is } = entry.value;
      const age = clock() - entry.at;
      if (age < ages.fresh) return Promise.resolve(is);
      const next = reload(name).catch(() => is);
      return age < ages.stale ? Promise.resolve(is) : next;
    },
    forget(name) {
      const entry = entries.get(name);
      if (entry) Object.assign(entry, { at: -Infinity, loading: null });
    },
  };
}

async function settle<T>(entry: Entry<T>, loading: Promise<T>, begun: number): Promise<void> {
  try {
    const is = await loading;
    // Forgotten while it was under way: it may be what was there before.
    if (entry.loading === loading)
      Object.assign(entry, { at: begun, value: { is }, loading: null });
  } catch {
    // Not remembered: the next who asks tries again.
    if (entry.loading === loading) entry.loading = null;
  }
}

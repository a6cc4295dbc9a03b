/** A maildir as a person's mail program reads it. */
import { watch } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** The messages of a `new` folder, in order of arrival and with CRLF, once there are `count`; throws after 20 seconds. */
export async function maildir(box: string, count: number): Promise<Buffer[]> {
  const watcher = watch(box);
  const end = Date.now() + 20_000;
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        watcher.once("change", () => resolve());
        setTimeout(resolve, Math.max(1, end - Date.now())).unref();
      });
      const names = (await readdir(box)).toSorted(byArrival);
      if (names.length >= count)
        return await Promise.all(
          names.map(async (name) => {
            const text = await readFile(join(box, name), "latin1");
            return Buffer.from(text.replaceAll(/\r?\n/g, "\r\n"), "latin1");
          }),
        );
      if (Date.now() >= end) throw new Error(`${names.length} messages came, not ${count}`);
      await changed;
    }
  } finally {
    watcher.close();
  }
}

/** Names begin with the second, and go on with the microsecond: `1700000000.V801I5M123456.host`. */
function byArrival(a: string, b: string): number {
  const key = (name: string): number =>
    Number(/^\d+/.exec(name)?.[0]) + Number(/M(\d+)/.exec(name)?.[1] ?? 0) / 1e6;
  return key(a) - key(b);
}

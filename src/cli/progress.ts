/** A line of progress on a terminal, for work over many entries. */
import type { LocalIo } from "./local-io.ts";

/** Fewest entries that are worth a line, and milliseconds between two. */
const worthwhile = 5_000;
const interval = 250;

/** Progress towards `total`; silent where standard error is no terminal. */
export function progressOn(
  io: Pick<LocalIo, "stderr" | "now">,
  total: number,
): { at(count: number): void; done(): void } {
  const { stderr } = io;
  if (stderr.columns === undefined || total < worthwhile)
    return { at: () => undefined, done: () => undefined };
  let last = io.now().getTime();
  let shown = false;
  return {
    at(count) {
      // The clock is asked rarely: entries come by the hundred thousand a second.
      if (count % 256 !== 0) return;
      const now = io.now().getTime();
      if (now - last < interval) return;
      last = now;
      shown = true;
      stderr.write(`\r${count} of ${total} entries (${Math.floor((count / total) * 100)} %)`);
    },
    done() {
      // Erases the line (ECMA-48, EL).
      if (shown) stderr.write("\r\u001b[K");
    },
  };
}

/** A line of progress on a terminal, for long work: counted entries, or a bar over an estimate. */
import type { LocalIo } from "./local-io.ts";

/** Fewest entries that are worth a line, and milliseconds between two. */
const worthwhile = 5_000;
const interval = 250;

/** Erases the line (ECMA-48, EL). */
const erase = "\r\u001b[K";

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
      if (shown) stderr.write(erase);
    },
  };
}

/** Cells of a bar. */
const barCells = 24;

/** A bar with what it is about, in bytes; `total` null where it is not known. Silent where standard error is no terminal. */
export function byteBar(
  io: Pick<LocalIo, "stderr" | "now">,
  label: string,
): { at(bytes: number, total: number | null): void; done(): void } {
  const { stderr } = io;
  let last = -Infinity;
  return {
    at(bytes, total) {
      if (stderr.columns === undefined) return;
      const now = io.now().getTime();
      if (now - last < interval) return;
      last = now;
      const part = total === null || total === 0 ? null : Math.min(1, bytes / total);
      const full = part === null ? 0 : Math.round(part * barCells);
      const bar = part === null ? "" : ` [${"#".repeat(full)}${".".repeat(barCells - full)}]`;
      const percent = part === null ? "" : ` ${Math.floor(part * 100)} %`;
      const line = `${label}${bar}${percent} ${megabytes(bytes)}`;
      stderr.write(`\r${line.slice(0, Math.max(10, stderr.columns - 1))}`);
    },
    done() {
      if (last !== -Infinity) stderr.write(erase);
    },
  };
}

/** Bytes for people. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

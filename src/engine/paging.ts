/** Pages of lists: opaque cursors in, rows and the next cursor out. */
import { Refusal } from "../core/refusal.ts";

/** One page of a list. */
export type Page<T> = { rows: T[]; next_cursor: string | null };

/** How much of a list, and from where on. */
export type PageRequest = { limit: number; cursor?: string | undefined };

/** Cursors are the last id seen, in base64url, so that nobody builds on their form. */
export function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const id = Buffer.from(cursor, "base64url").toString("latin1");
  if (!/^[0-9A-Z]{26}$/.test(id)) throw invalidCursor();
  return id;
}

/** The first `limit` of `limit + 1` rows, and the cursor of the last of them where there are more. */
export function paged<T>(rows: T[], limit: number, idOf: (row: T) => string): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    rows: shown,
    next_cursor:
      rows.length > limit && last !== undefined
        ? Buffer.from(idOf(last)).toString("base64url")
        : null,
  };
}

/** The refusal of a cursor that we did not make. */
export function invalidCursor(): Refusal {
  return new Refusal("invalid_cursor", "cursor: not one of ours.", {
    field: "cursor",
    hint: "Give next_cursor of the page before, unchanged.",
  });
}

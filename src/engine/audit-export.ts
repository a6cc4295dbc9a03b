/** The log as it leaves the house: its entries as a stream, or the whole of it as an archive that verifies without us. */
import { parseCheckpoint } from "../audit/checkpoint.ts";
import { decodeEntry } from "../audit/entry.ts";
import { formatTilePath, tilesOfLog } from "../audit/tile.ts";
import { leafHash } from "../audit/tree.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { tarEnd, tarFile } from "../core/tar.ts";
import { type EntryFilter, listEntries } from "../store/audit-log.ts";
import type { EngineContext } from "./context.ts";
import { publicKeys } from "./evidence.ts";
import { readCheckpoint, readTile } from "./log-reader.ts";
import type { EntryDetail } from "./read.ts";

/** Which entries; as lists take it. */
export type ExportFilter = Omit<
  EntryFilter,
  "limit" | "before_id" | "after_id" | "order" | "mailbox_ids"
>;

/** Entries read at a time: with the longest of them 64 MiB. */
const page = 1000;

/**
 * Entries as pages, oldest first, up to those that were there when it began. Each page is a statement of its own: memory is
 * bounded by a page, however long the log is and however slowly somebody reads.
 */
export async function* exportEntries(
  context: EngineContext,
  actor: Actor,
  filter: ExportFilter,
): AsyncGenerator<EntryDetail[]> {
  const now = context.now();
  const before = filter.before && filter.before < now ? filter.before : now;
  let afterId: string | undefined;
  for (;;) {
    const rows = await context.database.as(actor.operator_id, (tx) =>
      listEntries(tx, {
        ...filter,
        before,
        mailbox_ids: actor.mailbox_ids,
        after_id: afterId,
        limit: page,
        order: "oldest",
      }),
    );
    if (rows.length > 0)
      yield rows.map((row) => ({
        id: row.entry_id,
        index: row.idx,
        leaf_hash: leafHash(row.body).toString("hex"),
        entry: decodeEntry(row.body),
      }));
    afterId = rows.at(-1)?.entry_id;
    if (rows.length < page) return;
  }
}

/** What lies in the archive beside the log. */
const howTo = `# Verifying this log

Unpack the archive into an empty folder, and run in it:

    multimail audit verify . --keys keys.json

It checks every entry against its leaf, every tile against the tree, and the tree against the signed checkpoint.

keys.json is what the server itself says its keys are. To learn more than that the log agrees with itself, compare the log's
key with one that you kept from before, or got from somebody else.
`;

/**
 * The log under its newest checkpoint as parts of a tar archive: `checkpoint`, `tile/…` (C2SP tlog-tiles), `keys.json`,
 * `VERIFY.md`. Throws `scope_required` for a caller bound to mailboxes, `not_found` before the first entry was placed.
 */
export async function exportBundle(
  context: EngineContext,
  actor: Actor,
): Promise<AsyncGenerator<Buffer>> {
  if (actor.mailbox_ids !== null)
    throw new Refusal(
      "scope_required",
      "The bundle holds the entries of all mailboxes; this key is bound to some.",
      { hint: "Take format=jsonl: it has the entries of the key's mailboxes." },
    );
  const operatorId = actor.operator_id;
  const note = await readCheckpoint(context, operatorId);
  const keys = await publicKeys(context, operatorId);
  return parts(context, operatorId, note, JSON.stringify(keys, null, 2));
}

async function* parts(
  context: EngineContext,
  operatorId: string,
  note: string,
  keys: string,
): AsyncGenerator<Buffer> {
  const at = context.now();
  for (const [name, text] of [
    ["VERIFY.md", howTo],
    ["keys.json", `${keys}\n`],
    ["checkpoint", note],
  ] as const)
    yield tarFile(name, Buffer.from(text), at);
  for (const tile of tilesOfLog(parseCheckpoint(note).size)) {
    const path = formatTilePath(tile);
    yield tarFile(path, (await readTile(context, operatorId, path)).body, at);
  }
  yield tarEnd();
}

/** The audit log at rest: pending entries, indices, tiles, checkpoints, openings and subject keys. */
import { type Database, type Tx, everyOperator, sqlBuilder as db } from "./database.ts";

/** Operators that have entries without an index. */
export async function operatorsWithPending(database: Database): Promise<string[]> {
  const rows = await database.as(everyOperator, (tx) =>
    tx.named<{ operator_id: string }>(
      "operators_with_pending",
      "SELECT operator_id FROM operator o WHERE EXISTS (SELECT 1 FROM log_pending p WHERE p.operator_id = o.operator_id)",
      [],
    ),
  );
  return rows.map((row) => row.operator_id);
}

/** Locks the log's head: one sequencer at a time, on whatever node. Origin and size. */
export async function lockLogHead(tx: Tx): Promise<{ origin: string; size: number }> {
  const [row] = await tx.named<{ origin: string; size: string }>(
    "lock_log_head",
    "SELECT origin, size FROM log_head WHERE operator_id = $1 FOR UPDATE",
    [tx.operator_id],
  );
  if (!row) throw new Error(`operator ${tx.operator_id} has no log`);
  return { origin: row.origin, size: Number(row.size) };
}

/** The log's name, as its checkpoints begin with. */
export async function getLogOrigin(tx: Tx): Promise<string> {
  const [row] = await tx.run(
    db.selectFrom("log_head").select("origin").where("operator_id", "=", tx.operator_id),
  );
  if (!row) throw new Error(`operator ${tx.operator_id} has no log`);
  return row.origin;
}

/** The oldest entries without an index, in the order they get one. */
export function pendingEntries(
  tx: Tx,
  limit: number,
): Promise<{ seq: string; entry_id: string; body: Buffer }[]> {
  return tx.named(
    "pending_entries",
    `SELECT p.seq, p.entry_id, e.body FROM log_pending p JOIN log_entry e USING (operator_id, entry_id)
     WHERE p.operator_id = $1 ORDER BY p.seq LIMIT $2`,
    [tx.operator_id, limit],
  );
}

/** Gives entries their indices, from `first` on, and takes them off the pending list. */
export async function placeEntries(
  tx: Tx,
  first: number,
  entries: readonly { seq: string; entry_id: string; leaf_hash: Buffer }[],
): Promise<void> {
  await tx.named(
    "place_entries",
    `WITH gone AS (DELETE FROM log_pending WHERE operator_id = $1 AND seq = ANY($5::bigint[]))
     INSERT INTO log_index (operator_id, idx, entry_id, leaf_hash)
     SELECT $1, $2::bigint + n - 1, entry_id, decode(hash, 'hex')
     FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS r(entry_id, hash, n)`,
    [
      tx.operator_id,
      first,
      entries.map((entry) => entry.entry_id),
      entries.map((entry) => entry.leaf_hash.toString("hex")),
      entries.map((entry) => entry.seq),
    ],
  );
}

/** Writes grown and new tiles. */
export async function putTiles(
  tx: Tx,
  tiles: readonly { level: number; n: number; hashes: Buffer }[],
): Promise<void> {
  await tx.named(
    "put_tiles",
    `INSERT INTO log_tile (operator_id, level, n, hashes)
     SELECT $1, level, n, decode(hashes, 'hex') FROM unnest($2::smallint[], $3::bigint[], $4::text[]) AS r(level, n, hashes)
     ON CONFLICT (operator_id, level, n) DO UPDATE SET hashes = excluded.hashes`,
    [
      tx.operator_id,
      tiles.map((tile) => tile.level),
      tiles.map((tile) => tile.n),
      tiles.map((tile) => tile.hashes.toString("hex")),
    ],
  );
}

/** Notes, until the next checkpoint is kept, that the log is not the one that was signed last. False where it was noted before. */
export async function markLogBroken(tx: Tx, now: Date): Promise<boolean> {
  const rows = await tx.named(
    "mark_log_broken",
    "UPDATE log_head SET broken_at = $2 WHERE operator_id = $1 AND broken_at IS NULL RETURNING 1",
    [tx.operator_id, now.toISOString()],
  );
  return rows.length > 0;
}

/** True where {@link markLogBroken} has noted it. */
export async function isLogBroken(tx: Tx): Promise<boolean> {
  const [row] = await tx.named<{ broken: boolean }>(
    "is_log_broken",
    "SELECT broken_at IS NOT NULL AS broken FROM log_head WHERE operator_id = $1",
    [tx.operator_id],
  );
  return row?.broken ?? true;
}

/** Moves the head and keeps the signed checkpoint. */
export async function putCheckpoint(
  tx: Tx,
  checkpoint: { size: number; note: string; at: Date },
): Promise<void> {
  await tx.run(
    db
      .updateTable("log_head")
      .set({ size: checkpoint.size, broken_at: null })
      .where("operator_id", "=", tx.operator_id),
  );
  await tx.run(
    db.insertInto("log_checkpoint").values({ ...checkpoint, operator_id: tx.operator_id }),
  );
}

/** The newest checkpoint, or null before the first entry was placed. */
export async function latestCheckpoint(
  tx: Tx,
): Promise<{ size: number; note: string; at: Date } | null> {
  const [row] = await tx.named<{ size: string; note: string; at: Date }>(
    "latest_checkpoint",
    "SELECT size, note, at FROM log_checkpoint WHERE operator_id = $1 ORDER BY size DESC LIMIT 1",
    [tx.operator_id],
  );
  return row ? { ...row, size: Number(row.size) } : null;
}

/** One tile's hashes as they stand. */
export async function getTile(tx: Tx, level: number, n: number): Promise<Buffer | null> {
  const [row] = await tx.named<{ hashes: Buffer }>(
    "get_tile",
    "SELECT hashes FROM log_tile WHERE operator_id = $1 AND level = $2 AND n = $3",
    [tx.operator_id, level, n],
  );
  return row?.hashes ?? null;
}

/** Entry bodies from index `first` on, in order. */
export async function entryBodies(tx: Tx, first: number, count: number): Promise<Buffer[]> {
  const rows = await tx.named<{ body: Buffer }>(
    "entry_bodies",
    `SELECT e.body FROM log_index i JOIN log_entry e USING (operator_id, entry_id)
     WHERE i.operator_id = $1 AND i.idx >= $2 AND i.idx < $3 ORDER BY i.idx`,
    [tx.operator_id, first, first + count],
  );
  return rows.map((row) => row.body);
}

/** An entry as lists show it. */
export type EntryView = { entry_id: string; idx: number | null; body: Buffer };

/** Which entries a list shows. */
export type EntryFilter = {
  type?: string | undefined;
  actor_id?: string | undefined;
  resource?: string | undefined;
  mailbox_id?: string | undefined;
  /** Only entries about these mailboxes; null for all entries. */
  mailbox_ids?: readonly string[] | null;
  thread_id?: string | undefined;
  after?: Date | undefined;
  before?: Date | undefined;
  before_id?: string | undefined;
  after_id?: string | undefined;
  limit: number;
  order: "newest" | "oldest";
};

/** Lists entries by id, which is by time. */
export async function listEntries(tx: Tx, filter: EntryFilter): Promise<EntryView[]> {
  let query = db
    .selectFrom("log_entry as e")
    .select(["e.entry_id", "e.body"])
    // Looked up for the rows that are shown, and for no others: a join may be planned as one of both tables whole.
    .select((eb) =>
      eb
        .selectFrom("log_index as i")
        .select("i.idx")
        .whereRef("i.operator_id", "=", "e.operator_id")
        .whereRef("i.entry_id", "=", "e.entry_id")
        .as("idx"),
    )
    .where("e.operator_id", "=", tx.operator_id);
  if (filter.type) query = query.where("e.type", "=", filter.type);
  if (filter.actor_id) query = query.where("e.actor_id", "=", filter.actor_id);
  if (filter.resource) query = query.where("e.resource", "=", filter.resource);
  if (filter.mailbox_id) query = query.where("e.mailbox_id", "=", filter.mailbox_id);
  if (filter.mailbox_ids) query = query.where("e.mailbox_id", "in", [...filter.mailbox_ids, ""]);
  if (filter.thread_id) query = query.where("e.thread_id", "=", filter.thread_id);
  if (filter.after) query = query.where("e.at", ">=", filter.after);
  if (filter.before) query = query.where("e.at", "<", filter.before);
  if (filter.before_id) query = query.where("e.entry_id", "<", filter.before_id);
  if (filter.after_id) query = query.where("e.entry_id", ">", filter.after_id);
  const rows = await tx.run(
    query.orderBy("e.entry_id", filter.order === "newest" ? "desc" : "asc").limit(filter.limit),
  );
  return rows.map((row) => ({ ...row, idx: row.idx === null ? null : Number(row.idx) }));
}

/** Of these messages, those whose content the log says was changed after it was first written. */
export async function findEdited(tx: Tx, messageIds: readonly string[]): Promise<Set<string>> {
  if (messageIds.length === 0) return new Set();
  const rows = await tx.named<{ resource: string }>(
    "find_edited",
    `SELECT DISTINCT resource FROM log_entry WHERE operator_id = $1 AND resource = ANY($2)
       AND type IN ('message.edited', 'message.resubmitted')`,
    [tx.operator_id, messageIds],
  );
  return new Set(rows.map((row) => row.resource));
}

/** How many entries the log has of a thing, counted no further than `most`. */
export async function countEntries(tx: Tx, resource: string, most: number): Promise<number> {
  const [row] = await tx.named<{ entries: number }>(
    "count_entries",
    `SELECT count(*)::int AS entries FROM
       (SELECT 1 FROM log_entry WHERE operator_id = $1 AND resource = $2 LIMIT $3) e`,
    [tx.operator_id, resource, most],
  );
  return row?.entries ?? 0;
}

/** Sealed openings of entries. */
export function loadOpenings(
  tx: Tx,
  entryIds: readonly string[],
): Promise<{ entry_id: string; subject_id: string; sealed: Buffer }[]> {
  return tx.run(
    db
      .selectFrom("log_opening")
      .select(["entry_id", "subject_id", "sealed"])
      .where("operator_id", "=", tx.operator_id)
      .where("entry_id", "in", [...entryIds, ""]),
  );
}

/** Wrapped subject keys that exist. */
export async function loadSubjectKeys(
  tx: Tx,
  subjectIds: readonly string[],
): Promise<Map<string, Buffer>> {
  const rows = await tx.named<{ subject_id: string; wrapped: Buffer }>(
    "load_subject_keys",
    "SELECT subject_id, wrapped FROM subject_key WHERE operator_id = $1 AND subject_id = ANY($2)",
    [tx.operator_id, subjectIds],
  );
  return new Map(rows.map((row) => [row.subject_id, row.wrapped]));
}

/** Adds wrapped keys for new subjects; one that came first elsewhere stays. */
export async function insertSubjectKeys(
  tx: Tx,
  keys: readonly { subject_id: string; wrapped: Buffer }[],
  now: Date,
): Promise<void> {
  await tx.named(
    "insert_subject_keys",
    `INSERT INTO subject_key (operator_id, subject_id, wrapped, created_at)
     SELECT $1, subject_id, decode(wrapped, 'hex'), $4 FROM unnest($2::text[], $3::text[]) AS r(subject_id, wrapped)
     ORDER BY subject_id ON CONFLICT DO NOTHING`,
    [
      tx.operator_id,
      keys.map((key) => key.subject_id),
      keys.map((key) => key.wrapped.toString("hex")),
      now.toISOString(),
    ],
  );
}

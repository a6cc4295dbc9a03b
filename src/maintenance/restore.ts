/** Restore: a backup put into an empty database and data folder, whole or not at all. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { z } from "zod";
import { migrate, releaseMigrations } from "../store/migrate.ts";
import {
  type Connection,
  DatabaseNotEmpty,
  assertUnused,
  type Filling,
  type TableShape,
  appliedMigrations,
  fillDatabase,
} from "../store/whole-database.ts";
import { type BackupEnd, type BackupManifest, backedUpFiles } from "./backup.ts";
import { type Member, TarError, tarMembers } from "./tar.ts";

/** The backup cannot be restored: one line for a person. Nothing was kept of it. */
export class BackupUnusable extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BackupUnusable";
  }
}

const name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);
const manifestForm = z.object({
  format: z.literal("multimail-backup/1"),
  release: z.string().max(100),
  created_at: z.iso.datetime(),
  server_version: z.string().max(100),
  migrations: z.array(z.string().max(200)).max(10_000),
  tables: z.array(z.object({ name, columns: z.array(name).min(1).max(500) })).max(1000),
  files: z.array(z.enum(backedUpFiles)),
  has_master_key: z.boolean(),
});
const sequencesForm = z.array(
  z.object({ name, last_value: z.string().regex(/^\d{1,19}$/), is_called: z.boolean() }),
);
const endForm = z.object({
  rows: z.record(z.string(), z.int()),
  sha256: z.record(z.string(), z.string()),
});

/** Where a backup goes. The database is new and empty, and so is the folder apart from it. */
export type RestorePlan = {
  connection: Connection;
  data: string;
  source: AsyncIterable<Uint8Array>;
  now: () => Date;
  /** Looks at what is about to be restored; throws where it must not be. */
  accept(manifest: BackupManifest): void;
  progress(bytes: number): void;
};

/** Who stopped sending, as the operator's row and the log name it. */
export const restorer = "system:restore";

const decompress = promisify(gunzip);

/** Most bytes that one compressed part may become: a few MB, and beyond that only one long row. */
const maxPartBytes = 1024 * 1024 * 1024;

/**
 * Restores in one transaction; the files are written last. Sending of every operator is stopped in it: what was queued when the
 * backup was made may have left since. Throws {@link BackupUnusable} where the backup is torn, damaged or of a newer release, or
 * the database is not empty.
 */
export async function readBackup(
  plan: RestorePlan,
): Promise<{ manifest: BackupManifest; rows: number }> {
  try {
    const members = checkedMembers(plan);
    const manifest = await readManifest(members);
    plan.accept(manifest);
    const made = new Set(manifest.migrations);
    const applied = await appliedMigrations(plan.connection);
    if (applied.some((one) => !made.has(one)))
      throw new BackupUnusable("The database has a schema that is newer than the backup's.");
    // Before the schema is brought forward: a database in use must stay as the release that uses it knows it.
    if (applied.length > 0) await assertUnused(plan.connection);
    await migrate(plan.connection, made);
    const files = new Map<string, Buffer>();
    const rows = await fillDatabase(plan.connection, async (filling) => {
      const count = await fill(filling, members, manifest, files);
      const reason = `Restored from the backup of ${manifest.created_at}`;
      await filling.stopSending(plan.now(), restorer, reason);
      // Before the database is there for good: where the disk is full neither of both is.
      for (const [file, content] of files) await writeNew(join(plan.data, file), content);
      return count;
    });
    return { manifest, rows };
  } catch (error) {
    if (error instanceof DatabaseNotEmpty)
      throw new BackupUnusable(`The database is in use: ${error.message}. Restore into a new one.`);
    if (error instanceof TarError)
      throw new BackupUnusable(`The backup is unusable: ${error.message}.`);
    throw error;
  }
}

type CheckedMember = Member & { sha256: string };

/** Members with their sums, which the last member judges. */
async function* checkedMembers({
  source,
  progress,
}: RestorePlan): AsyncGenerator<CheckedMember, void, undefined> {
  let bytes = 0;
  for await (const member of tarMembers(source)) {
    bytes += member.bytes.length;
    progress(bytes);
    yield { ...member, sha256: createHash("sha256").update(member.bytes).digest("hex") };
  }
}

async function readManifest(members: AsyncGenerator<CheckedMember>): Promise<BackupManifest> {
  const first = await members.next();
  if (first.done === true || first.value.name !== "manifest.json")
    throw new BackupUnusable("This is no backup of MultiMail: it does not begin with a manifest.");
  const manifest = parse(manifestForm, first.value);
  const known = await releaseMigrations();
  const unknown = manifest.migrations.filter((one) => !known.includes(one));
  if (unknown.length > 0)
    throw new BackupUnusable(
      `The backup is of a newer release (${unknown.join(", ")}): restore it with that release.`,
    );
  return manifest;
}

/** Everything behind the manifest. Resolves to the number of rows, once the sums at the end have been found right. */
async function fill(
  filling: Filling,
  members: AsyncGenerator<CheckedMember>,
  manifest: BackupManifest,
  files: Map<string, Buffer>,
): Promise<number> {
  const sums: Record<string, string> = {};
  const rows: Record<string, number> = {};
  let next = await members.next();
  const step = async (): Promise<void> => {
    if (next.done !== true) sums[next.value.name] = next.value.sha256;
    next = await members.next();
  };
  for (; next.done !== true && next.value.name.startsWith("files/"); await step()) {
    const file = next.value.name.slice("files/".length);
    if (!manifest.files.includes(file))
      throw new BackupUnusable(`The backup holds a file that its manifest does not name: ${file}.`);
    files.set(file, next.value.bytes);
  }
  for (const table of manifest.tables) {
    assertKnown(table, filling.tables);
    const prefix = `tables/${table.name}/`;
    const parts = async function* (): AsyncGenerator<Buffer> {
      for (; next.done !== true && next.value.name.startsWith(prefix); await step())
        yield await inflate(next.value);
    };
    rows[table.name] = await filling.copy(table, parts());
  }
  if (next.done !== true && next.value.name === "sequences.json") {
    for (const state of parse(sequencesForm, next.value)) await filling.setSequence(state);
    await step();
  }
  if (next.done === true || next.value.name !== "end.json")
    throw new BackupUnusable("The backup is unusable: it is not whole, its end is missing.");
  assertSums(parse(endForm, next.value), sums, rows);
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}

/** The schema here was made by the same migrations, so that this says that the manifest is not of them. */
function assertKnown(table: TableShape, tables: readonly TableShape[]): void {
  const here = tables.find(({ name: known }) => known === table.name);
  if (!here || table.columns.some((column) => !here.columns.includes(column)))
    throw new BackupUnusable(`The backup's table ${table.name} is not one of its migrations.`);
}

function assertSums(
  end: BackupEnd,
  sums: Record<string, string>,
  rows: Record<string, number>,
): void {
  const { "manifest.json": _manifest, ...expected } = end.sha256;
  const names = new Set([...Object.keys(expected), ...Object.keys(sums)]);
  for (const member of names)
    if (expected[member] !== sums[member])
      throw new BackupUnusable(`The backup is damaged: ${member} is not what was written.`);
  for (const [table, count] of Object.entries(end.rows))
    if (rows[table] !== count)
      throw new BackupUnusable(`The backup is damaged: ${table} has lost rows.`);
}

async function inflate({ name: member, bytes }: Member): Promise<Buffer> {
  try {
    return await decompress(bytes, { maxOutputLength: maxPartBytes });
  } catch {
    throw new BackupUnusable(`The backup is damaged: ${member} cannot be unpacked.`);
  }
}

function parse<T extends z.ZodType>(form: T, { name: member, bytes }: Member): z.output<T> {
  try {
    return form.parse(JSON.parse(bytes.toString("utf8")));
  } catch {
    throw new BackupUnusable(`The backup is unusable: ${member} cannot be read.`);
  }
}

/** Never over another file, and on disk before we say that it is. */
async function writeNew(path: string, content: Buffer): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  await handle.writeFile(content);
  await handle.sync();
  await handle.close();
}

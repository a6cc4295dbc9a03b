/** Backup: the whole database as one moment saw it, and the data folder's own files, as one tar archive that says what is in it. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type Connection, type TableShape, readSnapshot } from "../store/whole-database.ts";
import { tarEnd, tarMember } from "./tar.ts";

/** What stands first in a backup. */
export type BackupManifest = {
  format: "multimail-backup/1";
  /** Of the server that wrote it. */
  release: string;
  created_at: string;
  server_version: string;
  migrations: string[];
  /** In the order in which they are restored. */
  tables: TableShape[];
  /** Files of the data folder. */
  files: string[];
  /** False where the key that opens the sealed private keys is somewhere else. */
  has_master_key: boolean;
};

/** What stands last: without it a backup is not whole. */
export type BackupEnd = { rows: Record<string, number>; sha256: Record<string, string> };

/** The files of a data folder that last, beside the database. The rest is made again, as the catcher's mail is not kept. */
export const backedUpFiles = [
  "master.key",
  "first-run.json",
  "public-keys.json",
  "node-id",
  "smtp-tls.pem",
] as const;

/** What opens sealed keys, the API keys of the first run, and the key of the made certificate. */
const secretFiles: ReadonlySet<string> = new Set(["master.key", "first-run.json", "smtp-tls.pem"]);

/** What a backup is made of. */
export type BackupPlan = {
  connection: Connection;
  data: string;
  release: string;
  /** Leaves out `master.key`, `first-run.json` and `smtp-tls.pem`. */
  without_keys: boolean;
  now: () => Date;
  write(bytes: Buffer): Promise<void>;
  progress(done: number, total: number): void;
};

const compress = promisify(gzip);

/** Writes a backup, in one snapshot of the database, while a server may go on. Resolves to what it holds. */
export async function writeBackup(
  plan: BackupPlan,
): Promise<{ manifest: BackupManifest; rows: number; bytes: number }> {
  const sha256: Record<string, string> = {};
  let bytes = 0;
  const put = async (chunk: Buffer): Promise<void> => {
    bytes += chunk.length;
    await plan.write(chunk);
  };
  const add = async (name: string, content: Buffer): Promise<void> => {
    sha256[name] = createHash("sha256").update(content).digest("hex");
    await put(tarMember(name, content, plan.now()));
  };
  const files = await readFiles(plan);
  return readSnapshot(plan.connection, async (snapshot) => {
    const manifest: BackupManifest = {
      format: "multimail-backup/1",
      release: plan.release,
      created_at: plan.now().toISOString(),
      server_version: snapshot.server_version,
      migrations: [...snapshot.migrations],
      tables: [...snapshot.tables],
      files: files.map(({ name }) => name),
      has_master_key: files.some(({ name }) => name === "master.key"),
    };
    await add("manifest.json", json(manifest));
    for (const { name, content } of files) await add(`files/${name}`, content);
    const rows: Record<string, number> = {};
    let done = 0;
    for (const table of snapshot.tables) {
      let part = 0;
      rows[table.name] = await snapshot.copy(table, async (piece) => {
        part++;
        const number = String(part).padStart(6, "0");
        await add(`tables/${table.name}/${number}.copy.gz`, await compress(piece, { level: 3 }));
        done += piece.length;
        plan.progress(Math.min(done, snapshot.bytes), snapshot.bytes);
      });
    }
    await add("sequences.json", json(await snapshot.sequences()));
    const end: BackupEnd = { rows, sha256 };
    await put(tarMember("end.json", json(end), plan.now()));
    await put(tarEnd);
    return { manifest, rows: Object.values(rows).reduce((sum, count) => sum + count, 0), bytes };
  });
}

async function readFiles(plan: BackupPlan): Promise<{ name: string; content: Buffer }[]> {
  const found: { name: string; content: Buffer }[] = [];
  for (const name of backedUpFiles) {
    if (plan.without_keys && secretFiles.has(name)) continue;
    try {
      found.push({ name, content: await readFile(join(plan.data, name)) });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
  return found;
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

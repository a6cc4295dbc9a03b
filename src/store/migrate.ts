/** Forward-only migrations: numbered SQL files, each applied once, in a transaction, under a lock. */
import { readdir, readFile } from "node:fs/promises";
import pg from "pg";

const folder = new URL("./migrations/", import.meta.url);

/** The database cannot be reached or does not let us make what we need. `hint` says how to mend it. */
export class DatabaseUnusable extends Error {
  readonly hint: string;
  constructor(message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.name = "DatabaseUnusable";
    this.hint = hint;
  }
}

/** The oldest PostgreSQL that our tests run on. */
const oldest = 15;

/**
 * Brings the schema up to date as its owner. Returns the names of the migrations applied now. Any number of nodes may do so at
 * once: one migrates, and the others wait for it. With `only`, the migrations of that set and no later ones: what a backup was
 * made of is put into the schema that it had.
 */
export async function migrate(
  connection: pg.ClientConfig,
  only?: ReadonlySet<string>,
): Promise<string[]> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, ...connection });
  // A connection that breaks fails its statement; beside that it would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new DatabaseUnusable(
      `The database cannot be reached: ${wordsOf(error)}.`,
      "Check DATABASE_URL and that the server runs.",
      error,
    );
  }
  try {
    await assertVersion(client);
    for (let attempt = 1; ; attempt++)
      try {
        await ensureServiceRole(client);
        return await applyMissing(client, only);
      } catch (error) {
        if (attempt === 20 || !isRace(error)) throw error;
      }
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The migrations of this release, in order. */
export async function releaseMigrations(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Where every address of a host failed, the message is empty and the code tells.
  return error.message || ("code" in error ? String(error.code) : error.name);
}

/**
 * Another node was about the same thing at the same moment. Before there is a table that could be locked, PostgreSQL says so in
 * several ways, even for IF NOT EXISTS: a duplicate in its own catalogue, or "tuple concurrently updated", which has no code.
 */
function isRace(error: unknown): boolean {
  if (error instanceof DatabaseUnusable) return isRace(error.cause);
  return (
    error instanceof pg.DatabaseError &&
    (["23505", "42710", "42P07", "40P01"].includes(error.code ?? "") ||
      /tuple concurrently/.test(error.message))
  );
}

async function assertVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
  const version = rows[0]?.server_version ?? "";
  if (Number.parseInt(version, 10) < oldest)
    throw new DatabaseUnusable(
      `The database is PostgreSQL ${version}.`,
      `MultiMail needs PostgreSQL ${oldest} or later.`,
    );
}

async function applyMissing(
  client: pg.Client,
  only: ReadonlySet<string> | undefined,
): Promise<string[]> {
  try {
    await client.query(
      "CREATE TABLE IF NOT EXISTS schema_migration (version text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
    );
    await client.query("BEGIN");
    // Usually everybody has it.
    const usage = "SELECT has_schema_privilege('multimail_app', 'public', 'USAGE') AS has";
    if (!(await client.query<{ has: boolean }>(usage)).rows[0]?.has)
      await client.query("GRANT USAGE ON SCHEMA public TO multimail_app");
    // Two nodes that start at once: the second waits here and finds everything applied.
    await client.query("LOCK TABLE schema_migration IN EXCLUSIVE MODE");
    const done = new Set(
      (await client.query<{ version: string }>("SELECT version FROM schema_migration")).rows.map(
        (row) => row.version,
      ),
    );
    const files = await releaseMigrations();
    const unknown = [...done].filter((version) => !files.includes(version));
    if (unknown.length > 0)
      throw new DatabaseUnusable(
        `The database was written by a newer release (${unknown.join(", ")}).`,
        "Start that release or a later one; migrations only go forward.",
      );
    const applied: string[] = [];
    for (const name of files) {
      if (done.has(name) || only?.has(name) === false) continue;
      await client.query(await readFile(new URL(name, folder), "utf8"));
      await client.query("INSERT INTO schema_migration (version) VALUES ($1)", [name]);
      applied.push(name);
    }
    await client.query("COMMIT");
    return applied;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    if (error instanceof pg.DatabaseError && error.code === "42501")
      throw await mayNotMake(client, error);
    throw error;
  }
}

/** Who we are and where, quoted for the statements of a hint. */
async function names(client: pg.Client): Promise<{ user: string; database: string }> {
  const { rows } = await client.query<{ user: string; database: string }>(
    `SELECT quote_ident(current_user) AS "user", quote_ident(current_database()) AS database`,
  );
  return rows[0] ?? { user: "", database: "" };
}

async function mayNotMake(client: pg.Client, cause: Error): Promise<DatabaseUnusable> {
  const { user, database } = await names(client);
  return new DatabaseUnusable(
    `The database user may not make what MultiMail needs: ${cause.message}.`,
    `As a superuser run: ALTER DATABASE ${database} OWNER TO ${user};`,
    cause,
  );
}

/** The role that the service's sessions act as. It owns nothing; row-level security binds it. */
async function ensureServiceRole(client: pg.Client): Promise<void> {
  const acts = (): Promise<boolean> =>
    client.query("SET ROLE multimail_app; RESET ROLE").then(
      () => true,
      () => false,
    );
  if (await acts()) return;
  const found = await client.query("SELECT 1 FROM pg_roles WHERE rolname = 'multimail_app'");
  try {
    if (found.rowCount === 0) await client.query("CREATE ROLE multimail_app NOLOGIN NOBYPASSRLS");
    await client.query("GRANT multimail_app TO CURRENT_USER");
  } catch (error) {
    const { user } = await names(client);
    const create = found.rowCount === 0 ? "CREATE ROLE multimail_app NOLOGIN; " : "";
    throw new DatabaseUnusable(
      `The database user may not ${create === "" ? "act as" : "create"} the role multimail_app.`,
      `As a superuser run: ${create}GRANT multimail_app TO ${user};`,
      error,
    );
  }
}

/** The whole database as tables of rows: read in one snapshot, and put into an empty one, for backup and restore. */
import pg from "pg";
import { copyIn, copyOut } from "./copy.ts";

/** How to connect, as the driver takes it. */
export type Connection = pg.ClientConfig;

/** A table with the columns that it is copied by; those that the database computes are left out. */
export type TableShape = { name: string; columns: string[] };

/** Where a sequence stands. */
export type SequenceState = { name: string; last_value: string; is_called: boolean };

/** A database as one moment saw it. */
export type Snapshot = {
  /** In an order in which each table comes after those that it refers to. */
  tables: readonly TableShape[];
  /** Migrations that made the schema, in order. */
  migrations: readonly string[];
  server_version: string;
  /** Bytes of all tables on disk, indexes apart: an estimate of the work. */
  bytes: number;
  /** The rows of a table in COPY's text form. Resolves to their number. */
  copy(table: TableShape, write: (piece: Buffer) => Promise<void>): Promise<number>;
  /** To be asked last: a sequence is then beyond every number in the copied rows. */
  sequences(): Promise<SequenceState[]>;
};

const ident = pg.escapeIdentifier;

/** Where the schema's history is kept; the target's own migrations write it. */
const history = "schema_migration";

/** Opens a connection, as the owner of the tables, for `work`; statements may take as long as they need. */
export async function asOwner<T>(
  connection: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, ...connection });
  // A connection that breaks fails its statement; beside that it would end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Reads everything as of one moment; writers go on meanwhile (REPEATABLE READ, read only). */
export function readSnapshot<T>(
  connection: pg.ClientConfig,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  return asOwner(connection, async (client) => {
    await client.query("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0");
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const migrations = await listMigrations(client);
    const server = await client.query<{ server_version: string }>("SHOW server_version");
    const size = await client.query<{ bytes: string }>(
      "SELECT coalesce(sum(pg_table_size(c.oid)), 0) AS bytes FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r'",
    );
    const result = await work({
      tables: await listTables(client),
      migrations,
      server_version: server.rows[0]?.server_version ?? "",
      bytes: Number(size.rows[0]?.bytes ?? 0),
      copy: (table, write) => copyOut(client, `COPY ${target(table)} TO STDOUT`, write),
      sequences: () => listSequences(client),
    });
    await client.query("COMMIT");
    return result;
  });
}

/** What {@link fillDatabase} hands to its caller. */
export type Filling = {
  tables: readonly TableShape[];
  /** Rows in COPY's text form. Resolves to their number. */
  copy(table: TableShape, source: AsyncIterable<Buffer>): Promise<number>;
  setSequence(state: SequenceState): Promise<void>;
  /** Stops sending of every operator that is not stopped yet. */
  stopSending(at: Date, by: string, reason: string): Promise<void>;
};

/** A table of the database that was to be filled has rows. */
export class DatabaseNotEmpty extends Error {
  constructor(table: string) {
    super(`the table ${table} is not empty`);
    this.name = "DatabaseNotEmpty";
  }
}

/** Throws {@link DatabaseNotEmpty} where the database has an operator: it is in use. */
export function assertUnused(connection: pg.ClientConfig): Promise<void> {
  return asOwner(connection, async (client) => {
    const found = await client.query("SELECT 1 FROM operator LIMIT 1");
    if (found.rowCount !== 0) throw new DatabaseNotEmpty("operator");
  });
}

/**
 * Fills the freshly migrated, empty database in one transaction, with the walls' triggers off: rows come as they were, past
 * steps that nobody repeats. Foreign keys hold. Throws, and changes nothing, where `work` throws; {@link DatabaseNotEmpty} where there are rows.
 */
export function fillDatabase<T>(
  connection: pg.ClientConfig,
  work: (filling: Filling) => Promise<T>,
): Promise<T> {
  return asOwner(connection, async (client) => {
    await client.query("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0");
    await client.query("BEGIN");
    try {
      const tables = await listTables(client);
      for (const { name } of tables) {
        await client.query(`LOCK TABLE ${ident(name)} IN ACCESS EXCLUSIVE MODE`);
        const found = await client.query(`SELECT 1 FROM ${ident(name)} LIMIT 1`);
        if (found.rowCount !== 0) throw new DatabaseNotEmpty(name);
        await client.query(`ALTER TABLE ${ident(name)} DISABLE TRIGGER USER`);
      }
      const result = await work({
        tables,
        copy: (table, source) => copyIn(client, `COPY ${target(table)} FROM STDIN`, source),
        async setSequence({ name, last_value, is_called }) {
          await client.query("SELECT setval($1::regclass, $2::bigint, $3)", [
            ident(name),
            last_value,
            is_called,
          ]);
        },
        async stopSending(at, by, reason) {
          await client.query(
            "UPDATE operator SET stopped_at = $1, stopped_by = $2, stopped_reason = $3 WHERE stopped_at IS NULL",
            [at, by, reason],
          );
        },
      });
      for (const { name } of tables)
        await client.query(`ALTER TABLE ${ident(name)} ENABLE TRIGGER USER`);
      await client.query("COMMIT");
      return result;
    } catch (error) {
      await client.query("ROLLBACK").catch(() => undefined);
      throw error;
    }
  });
}

/** The migrations that a database has had; none where it is new. */
export function appliedMigrations(connection: pg.ClientConfig): Promise<string[]> {
  return asOwner(connection, listMigrations);
}

async function listMigrations(client: pg.Client): Promise<string[]> {
  const made = await client.query<{ made: boolean }>(
    `SELECT to_regclass('public.${history}') IS NOT NULL AS made`,
  );
  if (made.rows[0]?.made !== true) return [];
  const { rows } = await client.query<{ version: string }>(
    `SELECT version FROM ${history} ORDER BY version`,
  );
  return rows.map(({ version }) => version);
}

async function listTables(client: pg.Client): Promise<TableShape[]> {
  const { rows } = await client.query<TableShape>(
    `SELECT c.relname AS name, json_agg(a.attname ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname <> $1 GROUP BY c.relname`,
    [history],
  );
  const refers = await client.query<{ from: string; to: string }>(
    `SELECT conrelid::regclass::text AS "from", confrelid::regclass::text AS "to"
     FROM pg_constraint WHERE contype = 'f' AND conrelid <> confrelid`,
  );
  return inOrder(rows, refers.rows);
}

/** Each table behind those that it refers to; by name where that leaves a choice. */
function inOrder(
  tables: readonly TableShape[],
  refers: readonly { from: string; to: string }[],
): TableShape[] {
  const rest = tables.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const ordered: TableShape[] = [];
  while (rest.length > 0) {
    const waits = (name: string): boolean =>
      refers.some(({ from, to }) => from === name && rest.some((other) => other.name === to));
    const next = rest.findIndex(({ name }) => !waits(name));
    if (next === -1) throw new Error("the tables refer to each other in a ring");
    ordered.push(...rest.splice(next, 1));
  }
  return ordered;
}

async function listSequences(client: pg.Client): Promise<SequenceState[]> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1",
  );
  const states: SequenceState[] = [];
  for (const { name } of rows) {
    const { rows: found } = await client.query<SequenceState>(
      `SELECT last_value::text AS last_value, is_called FROM ${ident(name)}`,
    );
    const [state] = found;
    if (state) states.push({ ...state, name });
  }
  return states;
}

function target({ name, columns }: TableShape): string {
  return `${ident(name)} (${columns.map(ident).join(", ")})`;
}

/** What a doctor asks of a database: its version, its clock, and the migrations it has had. */
export function examineDatabase(
  connection: pg.ClientConfig,
): Promise<{ server_version: string; now: Date; migrations: string[] }> {
  return asOwner(connection, async (client) => {
    const { rows } = await client.query<{ server_version: string; now: Date }>(
      "SELECT current_setting('server_version') AS server_version, clock_timestamp() AS now",
    );
    const [facts] = rows;
    if (!facts) throw new Error("the database says nothing of itself");
    return { ...facts, migrations: await listMigrations(client) };
  });
}

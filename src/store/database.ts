/** The connection to PostgreSQL: a pool that always knows whose rows a statement may see, and transactions that retry. */
import { Socket } from "node:net";
import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import pg from "pg";
import type { Tables } from "./tables.ts";

// bigint columns stay text (tokens) unless a query asks for a number; timestamps are Dates.
const { Pool } = pg;

/** Builds typed queries; they are run on a {@link Tx}. */
export const sqlBuilder = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** Statements of one operator, inside or outside a transaction. */
export type Tx = {
  /** Whose rows are visible; `*` for the few statements that serve every operator. */
  operator_id: string;
  /** Runs a built query. */
  run<T>(query: Compilable<T>): Promise<T[]>;
  /** Runs a hot statement, prepared once a connection under its name. */
  named<T extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<T[]>;
};

/** How many rows a write touched, beside its rows. */
export type Database = {
  /** Runs `work` on a connection bound to the operator; each statement commits by itself. */
  as<T>(operatorId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * The same in one transaction; serialization failures and deadlocks are retried. With `reads_first` the first
   * statements travel with BEGIN: they must be reads, and nothing may be written before they have been awaited.
   */
  transaction<T>(
    operatorId: string,
    work: (tx: Tx) => Promise<T>,
    options?: { reads_first?: boolean },
  ): Promise<T>;
  /** Reads of one moment: every statement of `work` sees the same rows. It must not write. */
  snapshot<T>(operatorId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** True when the database answers. */
  ping(): Promise<boolean>;
  close(): Promise<void>;
};

/** Every operator: for claims and for look-ups before it is known who calls. */
export const everyOperator = "*";

type Client = pg.PoolClient & { operator?: string | undefined };

/** Serialization failure and deadlock: the transaction did nothing and may be tried again. */
const retryable = new Set(["40001", "40P01"]);

/**
 * Sends what is written in one turn by one system call. The driver corks each statement by itself; statements begun
 * together would each wake the server.
 */
class GatheringSocket extends Socket {
  override uncork(): void {
    queueMicrotask(() => super.uncork());
  }

  // The driver reads answers in a listener. What it cannot read (a value longer than any string) would end the process;
  // so it ends this connection, and with it the statement that asked.
  override emit(name: string | symbol, ...values: unknown[]): boolean {
    if (name !== "data") return super.emit(name, ...(values as []));
    try {
      return super.emit(name, ...(values as []));
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
      return true;
    }
  }
}

type Warn = { warn(fields: object, message: string): void };

/** How long the end of the connections may take, in milliseconds. */
const closeGrace = 5000;

/** Two pools: connections of one operator at a time, and connections that serve every operator. */
function openPools(
  connection: pg.PoolConfig,
  log: Warn,
): { one: pg.Pool; every: pg.Pool; close(): Promise<void> } {
  const sockets = new Set<Socket>();
  const shared: pg.PoolConfig = {
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 30_000,
    // A server that hangs cannot end a statement itself: then the connection is given up from this side.
    query_timeout: 35_000,
    idle_in_transaction_session_timeout: 60_000,
    // Statements begun together travel together; PostgreSQL still runs them one after the other, in this order.
    pipeline: true,
    stream() {
      const socket = new GatheringSocket();
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      return socket;
    },
    ...connection,
    // Plans of prepared statements are kept: one made while a table was small must not scan it once it is large.
    options: "-c role=multimail_app -c search_path=public -c enable_seqscan=off",
  };
  // Claims and look-ups of keys serve every operator. In a pool of their own they need not change a connection's operator
  // forth and back, a round trip each time.
  const pools = { one: new Pool({ ...shared, max: 10 }), every: new Pool({ ...shared, max: 3 }) };
  // An idle connection that breaks must not take the process down; the next use opens another.
  for (const pool of Object.values(pools)) {
    pool.on("error", (error) => log.warn({ error: error.message }, "database connection lost"));
    // One that breaks in use fails its statements and, beside them, says so itself, which the pool does not listen to.
    pool.on("connect", (client) => client.on("error", () => undefined));
  }
  return {
    ...pools,
    async close() {
      // A server that hangs never says good-bye; whoever stops must not hang with it.
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, closeGrace);
      await Promise.all([pools.one.end(), pools.every.end()]);
      // The pool does not wait for its good-byes to be said; a server stopped before would complain of each.
      await Promise.all(
        [...sockets].map((socket) => new Promise((gone) => socket.once("close", gone))),
      );
      clearTimeout(timer);
    },
  };
}

/** Opens pools whose sessions act as the service role, which owns no table. */
export function openDatabase(
  connection: pg.PoolConfig,
  log: { warn(fields: object, message: string): void },
): Database {
  const pools = openPools(connection, log);

  async function withClient<T>(
    operatorId: string,
    work: (client: Client) => Promise<T>,
  ): Promise<T> {
    const pool = operatorId === everyOperator ? pools.every : pools.one;
    const client: Client = await pool.connect();
    let broken = true;
    try {
      if (client.operator !== operatorId) {
        client.operator = undefined;
        await client.query("SELECT set_config('multimail.operator', $1, false)", [operatorId]);
        client.operator = operatorId;
      }
      const result = await work(client);
      broken = false;
      return result;
    } catch (error) {
      // The server's own errors leave the connection usable, unless it ends it; anything else may not.
      broken =
        error instanceof pg.DatabaseError ? endsConnection(error) : !(error instanceof Rollback);
      throw error instanceof Rollback ? error.cause : error;
    } finally {
      client.release(broken);
    }
  }

  return {
    as: (operatorId, work) => withClient(operatorId, (client) => work(txOf(client, operatorId))),
    async transaction(operatorId, work, options = {}) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await withClient(operatorId, (client) =>
            inTransaction(client, operatorId, work, "BEGIN", options.reads_first),
          );
        } catch (error) {
          if (attempt < 5 && error instanceof pg.DatabaseError && retryable.has(error.code ?? ""))
            continue;
          throw error;
        }
      }
    },
    snapshot: (operatorId, work) =>
      withClient(operatorId, (client) =>
        inTransaction(client, operatorId, work, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
      ),
    async ping() {
      try {
        await pools.one.query("SELECT 1");
        return true;
      } catch {
        return false;
      }
    },
    close: () => pools.close(),
  };
}

/** Marks an error after which the rollback succeeded, so that the connection is kept. */
class Rollback extends Error {
  constructor(cause: unknown) {
    super("rolled back", { cause });
  }
}

async function inTransaction<T>(
  client: Client,
  operatorId: string,
  work: (tx: Tx) => Promise<T>,
  begin = "BEGIN",
  readsFirst = false,
): Promise<T> {
  const begun = client.query(begin);
  if (!readsFirst) await begun;
  // Awaited by each statement; where there was none, COMMIT fails as BEGIN did.
  else begun.catch(() => undefined);
  let result: T;
  try {
    const tx = txOf(client, operatorId);
    // Should BEGIN have failed, every statement fails with it: what was sent along were reads, and no write follows.
    result = await work(readsFirst ? after(begun, tx) : tx);
  } catch (error) {
    await client.query("ROLLBACK");
    throw new Rollback(error);
  }
  await client.query("COMMIT");
  return result;
}

/** The transaction as its statements, none of which succeeds before `begun` has. */
function after(begun: Promise<unknown>, tx: Tx): Tx {
  const both = async <T>(statement: Promise<T>): Promise<T> =>
    (await Promise.all([begun, statement]))[1];
  return {
    operator_id: tx.operator_id,
    run: (query) => both(tx.run(query)),
    named: (name, text, values) => both(tx.named(name, text, values)),
  };
}

function txOf(client: pg.PoolClient, operatorId: string): Tx {
  return {
    operator_id: operatorId,
    async run<T>(query: Compilable<T>) {
      const compiled = query.compile();
      const result = await client.query(compiled.sql, [...compiled.parameters]);
      return result.rows as T[];
    },
    async named(name, text, values) {
      const result = await client.query({ name, text, values });
      return result.rows;
    },
  };
}

/** True when the error is a unique violation (of the named constraint, where given). */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    error instanceof pg.DatabaseError &&
    error.code === "23505" &&
    (constraint === undefined || error.constraint === constraint)
  );
}

/** True when one of our triggers refused what the application tried. */
export function isRefusedByWall(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "23001";
}

function endsConnection(error: pg.DatabaseError): boolean {
  return error.severity === "FATAL" || error.severity === "PANIC";
}

/**
 * The classes and codes (PostgreSQL manual, appendix A) of a server that is not to be had: connection lost (08), in a transaction
 * that waited too long (25P03, 25P04), no longer the primary (25006), closed to us (28), short of resources (53), statement timeout
 * (57014), shutting down or starting (57P), trouble with its disk (58).
 */
const unavailable = /^(?:08|25P03|25P04|25006|28|53|57014|57P|58)/;

const unreachable = new Set(
  "ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EAGAIN EHOSTUNREACH ENETUNREACH ENETDOWN ENOTFOUND EAI_AGAIN".split(
    " ",
  ),
);

/** True for an error that one row of a statement may have caused: what else was in the transaction can be tried again without it. */
export function mayBeOneItems(error: unknown): boolean {
  return !isUnavailable(error);
}

/** True when the database itself is away, full, hanging or shutting down: the caller should try again later. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return unavailable.test(error.code ?? "");
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  // A socket in a folder, which is not there while its server is not.
  const noSocket =
    code === "ENOENT" &&
    error instanceof Error &&
    "syscall" in error &&
    error.syscall === "connect";
  return (
    noSocket ||
    unreachable.has(code) ||
    (error instanceof Error &&
      /Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|server closed the connection/i.test(
        error.message,
      ))
  );
}

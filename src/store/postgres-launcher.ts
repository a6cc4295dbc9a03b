/** The private PostgreSQL of a data folder: one call starts it (or adopts the one that still runs), watches it and can stop it. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { lockDataFolder } from "./data-folder-lock.ts";
import { findPackage, prepareBinaries, removeOldCopies, thisHost } from "./postgres-binaries.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import {
  type ClusterHome,
  ensureCluster,
  openClusterHome,
  openDataFolder,
  openSocketFolder,
  removeSocketFolder,
} from "./postgres-cluster.ts";
import {
  findPostmaster,
  lastSocketFolder,
  port,
  type Postmaster,
  type PostgresExit,
  programIsGone,
  startPostmaster,
  stopPostmaster,
  withSuperuser,
} from "./postgres-process.ts";
import { explained } from "./postgres-unavailable.ts";

export type { PostgresExit } from "./postgres-process.ts";
export { DataFolderLocked } from "./data-folder-lock.ts";
export { PostgresUnavailable } from "./postgres-unavailable.ts";

type Log = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
};

export type PostgresOptions = {
  /** The data folder; created (0700) where it is absent. */
  folder: string;
  log: Log;
  /** Server settings that replace ours, by name (`shared_buffers: "256MB"`). */
  settings?: Record<string, string | number | boolean>;
  /** Starts PostgreSQL again when it dies; the connections of a pool come back by themselves. Default true. */
  supervise?: boolean;
  /** Called when PostgreSQL ends though nobody stopped it. */
  onExit?: (exit: PostgresExit & { restarting: boolean }) => void;
  /** Where files go that PostgreSQL's user could not reach in the data folder of root. Default /var/lib/multimail. */
  outside_folder?: string;
};

export type PostgresConnection = {
  host: string;
  port: number;
  user: string;
  database: string;
  ssl: false;
};

export type RunningPostgres = {
  socket_folder: string;
  port: number;
  user: string;
  database: string;
  /** For `new pg.Pool(…)`: the owner of the database, over the socket. For migrations. */
  connection: PostgresConnection;
  /** The same as a user that owns nothing and is a member of the service role alone, so that no session of the service can be more. */
  service_connection: PostgresConnection;
  /** True when the server of a process that was killed goes on. */
  adopted: boolean;
  /** Stops the server in order (bounded: 30 s, then as after a crash) and gives the data folder free. */
  stop(): Promise<void>;
};

const database = "multimail";
const owner = "multimail_owner";
/** What the service's sessions log in as, and the role that they act in. */
const service = "multimail_service";
const serviceRole = "multimail_app";

/** For a laptop or a small server: durable, modest in memory, and nothing of a message in its log. */
const defaults: Record<string, string | number | boolean> = {
  fsync: true,
  synchronous_commit: true,
  full_page_writes: true,
  commit_delay: 0,
  max_connections: 100,
  shared_buffers: "128MB",
  effective_cache_size: "512MB",
  work_mem: "8MB",
  maintenance_work_mem: "64MB",
  // Fewer checkpoints write fewer full pages; recovery of 1 GB of log takes seconds.
  max_wal_size: "1GB",
  min_wal_size: "128MB",
  checkpoint_timeout: "15min",
  random_page_cost: 1.1,
  jit: false,
  // Parallel queries want more of /dev/shm than a container has (64 MB), and our queries are small.
  max_parallel_workers_per_gather: 0,
  // Saves three processes; what is read fits the cache.
  io_method: "sync",
  timezone: "UTC",
  log_timezone: "UTC",
  log_line_prefix: "%m [%p] ",
  log_min_messages: "warning",
  log_checkpoints: false,
  // Neither the statement nor the detail, which quotes values.
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
};

/**
 * Starts the private PostgreSQL 18 of `folder` and makes the database `multimail` and its owner where they are absent. It
 * listens on a unix socket only, which no other user (but root) can reach.
 * @throws DataFolderLocked when another living process uses the folder.
 * @throws PostgresUnavailable when it cannot run here; `hint` says what to do.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const folder = await explained(options.folder, () => openDataFolder(options.folder));
  const lock = await explained(folder, () => lockDataFolder(folder));
  try {
    const launch = await explained(folder, () => prepare(folder, options));
    const began = await begin(launch, options.log);
    const stop = watch(began.postmaster, launch, options);
    try {
      await ensureDatabase(began.postmaster.socket_folder, began.made);
    } catch (error) {
      await stop();
      throw error;
    }
    const { socket_folder } = began.postmaster;
    let stopped: Promise<void> | undefined;
    const stopAndRelease = async () => {
      try {
        await stop();
      } finally {
        await lock.release();
      }
    };
    const connection = { host: socket_folder, port, user: owner, database, ssl: false } as const;
    return {
      socket_folder,
      port,
      user: owner,
      database,
      connection,
      service_connection: { ...connection, user: service },
      adopted: began.adopted,
      stop: () => (stopped ??= stopAndRelease()),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** All that a start needs and a restart needs again. */
type Launch = {
  cluster: ClusterHome;
  binaries: PostgresBinaries;
  settings: Record<string, string | number | boolean>;
  log_path: string;
  stopping: AbortController;
};

async function prepare(folder: string, options: PostgresOptions): Promise<Launch> {
  const cluster = await openClusterHome(folder, options.outside_folder);
  const binaries = await prepareBinaries(
    await findPackage(thisHost()),
    cluster.account,
    cluster.home,
  );
  return {
    cluster,
    binaries,
    settings: { ...defaults, ...options.settings },
    log_path: join(folder, "postgres.log"),
    stopping: new AbortController(),
  };
}

async function begin(
  launch: Launch,
  log: Log,
): Promise<{ postmaster: Postmaster; made: boolean; adopted: boolean }> {
  const { cluster, binaries } = launch;
  const made = await explained(cluster.folder, () => ensureCluster(cluster, binaries));
  if (made) log.info({ folder: cluster.home }, "database files made");
  const found = made ? null : await findPostmaster(cluster.data);
  if (found) {
    const { postmaster } = found;
    // One of an older release, or whose program was installed anew meanwhile, is replaced in order.
    if (binaries.version.startsWith(found.server_version) && !programIsGone(postmaster.pid)) {
      log.warn({ pid: postmaster.pid }, "database server of a killed process adopted");
      return { postmaster, made, adopted: true };
    }
    await stopPostmaster(postmaster);
  }
  const postmaster = await run(launch);
  await explained(cluster.folder, () => removeOldCopies(cluster.home, binaries.version));
  return { postmaster, made, adopted: false };
}

async function run(launch: Launch): Promise<Postmaster> {
  const { cluster, binaries, log_path, stopping } = launch;
  const socket_folder = await openSocketFolder(cluster, await lastSocketFolder(cluster.data));
  // A list of folders, in which quotes protect commas and spaces and are doubled themselves.
  const quoted = `"${socket_folder.replaceAll('"', '""')}"`;
  const fixed = {
    listen_addresses: "",
    unix_socket_directories: quoted,
    unix_socket_permissions: "0700",
    port,
  };
  const options = Object.entries({ ...launch.settings, ...fixed }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  return startPostmaster(cluster, binaries, {
    socket_folder,
    options,
    log_path,
    signal: stopping.signal,
  });
}

/** Watches the server, starts it again when it dies, and returns what stops both. */
function watch(first: Postmaster, launch: Launch, options: PostgresOptions): () => Promise<void> {
  const { signal } = launch.stopping;
  let current: Postmaster | null = first;
  const supervise = options.supervise ?? true;

  async function restart(): Promise<Postmaster | null> {
    // 0.1 s, 0.2 s … 10 s, for as long as it takes: a full disk may have room again.
    for (let attempt = 0; !signal.aborted; attempt++) {
      const pause = Math.min(10_000, 100 * 2 ** Math.min(attempt, 10));
      await delay(pause, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
      try {
        const postmaster = await run(launch);
        options.log.warn({ pid: postmaster.pid }, "database server started again");
        return postmaster;
      } catch (error) {
        options.log.warn({ error: String(error), attempt }, "database server does not start again");
      }
    }
    return null;
  }

  const watching = (async () => {
    while (current && !signal.aborted) {
      const exit = await current.exited;
      if (signal.aborted) return;
      options.log.warn({ ...exit, pid: current.pid }, "database server ended unexpectedly");
      options.onExit?.({ ...exit, restarting: supervise });
      current = supervise ? await restart() : null;
    }
  })();

  return async () => {
    launch.stopping.abort();
    if (current) await stopPostmaster(current);
    await watching;
    if (!current) return;
    // Once more for a restart that was under way when we were told to stop.
    await stopPostmaster(current);
    await removeSocketFolder(launch.cluster, current.socket_folder);
  };
}

/** Makes roles and database where the service cannot connect; each by itself, the service last, so that a kill in between does no harm. */
async function ensureDatabase(socketFolder: string, made: boolean): Promise<void> {
  if (!made && (await canConnect(socketFolder))) return;
  await withSuperuser(socketFolder, async (client) => {
    const role = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [owner]);
    if (role.rowCount === 0) await client.query(`CREATE ROLE ${owner} LOGIN CREATEROLE`);
    const acting = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [serviceRole]);
    if (acting.rowCount === 0) await client.query(`CREATE ROLE ${serviceRole} NOLOGIN NOBYPASSRLS`);
    // Granted by the superuser, so that the owner may grant it to itself as it migrates.
    await client.query(`GRANT ${serviceRole} TO ${owner} WITH ADMIN OPTION`);
    const present = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]);
    if (present.rowCount === 0) await client.query(`CREATE DATABASE ${database} OWNER ${owner}`);
    const login = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [service]);
    if (login.rowCount === 0)
      await client.query(`CREATE ROLE ${service} LOGIN IN ROLE ${serviceRole}`);
  });
}

async function canConnect(socketFolder: string): Promise<boolean> {
  const client = new pg.Client({ host: socketFolder, port, user: service, database, ssl: false });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

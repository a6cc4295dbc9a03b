/** The running PostgreSQL: starts its first process (the postmaster), finds one that still runs, waits for it and stops it. */
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { open, readdir, readFile, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { processStartTime } from "./data-folder-lock.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { type ClusterHome, postgresEnvironment } from "./postgres-cluster.ts";
import { explainFailure, PostgresUnavailable } from "./postgres-unavailable.ts";

/** How the postmaster ended; both null when it was not our child and nobody told us. */
export type PostgresExit = { code: number | null; signal: string | null };

/** A postmaster that is ready for connections. */
export type Postmaster = {
  pid: number;
  socket_folder: string;
  exited: Promise<PostgresExit>;
};

/** What a postmaster writes about itself into its data folder (miscinit.h, "lock file line numbers"). */
type PidFile = { pid: number; socket_folder: string; status: string };

/** The one port of the private server; it only makes the socket's name. */
export const port = 5432;

const second = 1000;
/** Crash recovery reads all log since the last checkpoint; beyond this something is wrong. */
const longestRecovery = 600 * second;

/** Reads postmaster.pid; null when there is none or it is not whole. */
export async function readPidFile(data: string): Promise<PidFile | null> {
  const lines = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  const pid = Math.abs(Number(lines[0]));
  if (!Number.isSafeInteger(pid) || pid === 0) return null;
  return { pid, socket_folder: lines[4] ?? "", status: (lines[7] ?? "").trim() };
}

/** One short-lived connection as the superuser. */
export async function withSuperuser<T>(
  socketFolder: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    host: socketFolder,
    port,
    user: "postgres",
    database: "postgres",
    ssl: false,
    connectionTimeoutMillis: 5 * second,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Starts a postmaster and waits until it accepts connections; tries again while what is left of a killed one goes away. */
export async function startPostmaster(
  cluster: ClusterHome,
  binaries: PostgresBinaries,
  launch: { socket_folder: string; options: string[]; log_path: string; signal: AbortSignal },
): Promise<Postmaster> {
  const deadline = Date.now() + 30 * second;
  for (;;) {
    await clearRemains(cluster.data, launch.socket_folder);
    const started = await launchOnce(cluster, binaries, launch);
    if (!("output" in started)) return started;
    const transient =
      /pre-existing shared memory block|lock file "[^"]*" already exists|lock file "[^"]*" is empty/.test(
        started.output,
      );
    if (!transient || Date.now() > deadline || launch.signal.aborted)
      throw await explainFailure({
        output: started.output,
        folder: cluster.folder,
        log: launch.log_path,
      });
    await delay(100);
  }
}

async function launchOnce(
  cluster: ClusterHome,
  binaries: PostgresBinaries,
  launch: { socket_folder: string; options: string[]; log_path: string },
): Promise<Postmaster | { output: string }> {
  const log = await openLog(launch.log_path);
  const { size } = await log.stat();
  let failure = "";
  let pid: number | undefined;
  let ended = false;
  const exited = new Promise<PostgresExit>((resolve) => {
    // A process group of its own: Ctrl-C at the terminal must reach us only, so that we stop it in order.
    const child = spawn(binaries.postgres, ["-D", cluster.data, ...launch.options], {
      ...cluster.account,
      cwd: "/",
      detached: true,
      env: postgresEnvironment,
      stdio: ["ignore", log.fd, log.fd],
    });
    pid = child.pid;
    child.once("error", (error) => {
      failure = error.message;
      resolve({ code: null, signal: null });
    });
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.unref();
  }).catch((error: unknown) => {
    // Some failures to start are thrown (EPERM), others are events (EACCES).
    failure = String(error);
    return { code: null, signal: null };
  });
  void exited.then(() => (ended = true));
  await log.close();
  if ((await untilReady(cluster.data, pid, () => ended)) && pid !== undefined)
    return { pid, socket_folder: launch.socket_folder, exited };
  return { output: failure + (await readFile(launch.log_path)).subarray(size).toString() };
}

/** Looks every few milliseconds, as pg_ctl does every tenth of a second. */
async function untilReady(
  data: string,
  pid: number | undefined,
  ended: () => boolean,
): Promise<boolean> {
  const deadline = Date.now() + longestRecovery;
  while (pid !== undefined && !ended() && Date.now() < deadline) {
    const file = await readPidFile(data);
    if (file?.pid === pid && file.status === "ready") return true;
    await delay(5);
  }
  if (pid !== undefined && !ended()) process.kill(pid, "SIGQUIT");
  return false;
}

/** Appends to the log; one that has grown large makes way first. */
async function openLog(path: string) {
  const present = await stat(path).catch(() => null);
  if (present && present.size > 10 * 1024 * 1024) await rename(path, `${path}.1`);
  return open(path, "a", 0o600);
}

/**
 * Finds a postmaster that outlived our last process and waits until it answers. One that never answers is stopped.
 * @returns null when none runs (any more).
 * @throws PostgresUnavailable when the server that answers on the socket is not among the processes we see.
 */
export async function findPostmaster(
  data: string,
): Promise<{ postmaster: Postmaster; server_version: string } | null> {
  const deadline = Date.now() + 30 * second;
  for (;;) {
    const file = await readPidFile(data);
    if (!file) return null;
    const running = isServerProcess(file.pid, data);
    // Without a process there is still one try: it may be one of another container that shares the folder.
    const server_version = file.status === "ready" ? await versionAt(file.socket_folder) : null;
    if (server_version && !running)
      throw new PostgresUnavailable(
        `the database in ${data} is in use by a server outside of this container or machine`,
        "stop it, or give this one a data folder of its own by MULTIMAIL_DATA",
      );
    if (!running) return null;
    if (server_version) {
      const { pid, socket_folder } = file;
      return { postmaster: { pid, socket_folder, exited: untilGone(pid, data) }, server_version };
    }
    if (Date.now() > deadline) {
      await stopPostmaster(
        { pid: file.pid, socket_folder: "", exited: untilGone(file.pid, data) },
        [["SIGQUIT", 10 * second]],
      );
      return null;
    }
    await delay(20);
  }
}

async function versionAt(socketFolder: string): Promise<string | null> {
  try {
    return await withSuperuser(socketFolder, async (client) => {
      const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
      return rows[0]?.server_version ?? null;
    });
  } catch {
    return null;
  }
}

/** True when the file of a running program was replaced or removed: it could not load its libraries any more. */
export function programIsGone(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).endsWith(" (deleted)");
  } catch {
    return false;
  }
}

/** Fast shutdown first (open transactions are rolled back), then immediate (as after a crash), then by force. */
const orderly: [NodeJS.Signals, number][] = [
  ["SIGINT", 30 * second],
  ["SIGQUIT", 10 * second],
];

/** Stops a postmaster and waits, in bounded time, until it is gone. */
export async function stopPostmaster(postmaster: Postmaster, steps = orderly): Promise<void> {
  let gone = false;
  const exited = postmaster.exited.then(() => (gone = true));
  for (const [signal, patience] of [...steps, ["SIGKILL", 10 * second] as const]) {
    // The queue of settled promises runs first, so that no signal goes to an id that is free again.
    await Promise.race([exited, Promise.resolve()]);
    if (gone) return;
    try {
      process.kill(postmaster.pid, signal);
    } catch {
      // It ended just now.
    }
    const timer = new AbortController();
    await Promise.race([
      exited,
      delay(patience, undefined, { signal: timer.signal }).catch(() => undefined),
    ]);
    timer.abort();
  }
}

/** A process that is not our child can only be looked at again and again. */
async function untilGone(pid: number, data: string): Promise<PostgresExit> {
  const pause = process.platform === "linux" ? 100 : second;
  while (isServerProcess(pid, data)) await delay(pause, undefined, { ref: false });
  return { code: null, signal: null };
}

/** A server process works in its data folder, which tells it from another program under a reused id. */
function isServerProcess(pid: number, data: string): boolean {
  if (processStartTime(pid) === null) return false;
  try {
    if (process.platform !== "linux")
      return execFileSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8" })
        .trim()
        .endsWith("postgres");
    return (
      readlinkSync(`/proc/${pid}/cwd`) === data &&
      readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("postgres")
    );
  } catch {
    return false;
  }
}

/**
 * After kill -9 of a postmaster: ends what it left running, which holds its shared memory and talks to nobody, and removes
 * lock files whose id belongs to another program by now (PostgreSQL would believe them).
 */
async function clearRemains(data: string, socketFolder: string): Promise<void> {
  if (process.platform !== "linux") return;
  const file = await readPidFile(data);
  if (!file) {
    // Killed between making the file and writing it: PostgreSQL takes that for another one starting, for ever.
    const path = join(data, "postmaster.pid");
    const isEmpty = await stat(path).then(
      ({ size }) => size === 0,
      () => false,
    );
    if (isEmpty && (await processesIn(data)).length === 0)
      await unlink(path).catch(() => undefined);
    return;
  }
  if (isServerProcess(file.pid, data)) return;
  const deadline = Date.now() + 10 * second;
  for (let left = await processesIn(data); left.length > 0; left = await processesIn(data)) {
    if (Date.now() > deadline) return;
    for (const pid of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended just now.
      }
    }
    await delay(10);
  }
  if (processStartTime(file.pid) === null) return;
  await unlink(join(data, "postmaster.pid")).catch(() => undefined);
  await unlink(join(socketFolder, `.s.PGSQL.${port}.lock`)).catch(() => undefined);
}

async function processesIn(data: string): Promise<number[]> {
  const pids = (await readdir("/proc")).map(Number).filter(Number.isSafeInteger);
  return pids.filter((pid) => isServerProcess(pid, data));
}

/** The folder of the last run's socket, to be used again. */
export async function lastSocketFolder(data: string): Promise<string | null> {
  const file = await readPidFile(data);
  return file?.socket_folder.startsWith("/") ? file.socket_folder : null;
}

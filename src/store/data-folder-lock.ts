/** The lock that lets one living process at a time use a data folder; it survives kill -9 and reused process ids. */
import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Another living process uses the data folder. */
export class DataFolderLocked extends Error {
  override readonly name = "DataFolderLocked";
  readonly folder: string;
  /** The process that holds the folder. */
  readonly pid: number;

  constructor(folder: string, pid: number) {
    super(`the data folder ${folder} is in use by process ${pid}`);
    this.folder = folder;
    this.pid = pid;
  }
}

export type DataFolderLock = {
  /** Gives the folder free; does nothing the second time. */
  release(): Promise<void>;
};

/** What tells a process apart from a later one with the same id. */
type Holder = {
  pid: number;
  start_time: string;
  boot_id: string;
  pid_namespace: string;
  nonce: string;
};

/**
 * Takes the lock `<folder>/lock` for this process. The folder must exist and be writable.
 * @throws DataFolderLocked when a living process (this one included) holds it.
 */
export async function lockDataFolder(folder: string): Promise<DataFolderLock> {
  const path = join(folder, "lock");
  const content = JSON.stringify(thisProcess());
  await claim(folder, path, content);
  return {
    async release() {
      if ((await read(path)) === content) await unlink(path);
    },
  };
}

/** The living process that uses the data folder, as far as it can be seen from here; null where there is none. */
export async function lockHolder(folder: string): Promise<number | null> {
  const present = await read(join(folder, "lock"));
  const holder = present === null ? null : parse(present);
  return holder && isAlive(holder) ? holder.pid : null;
}

/** The time a process started, in the system's own words, or null when no such process lives. */
export function processStartTime(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return null;
  }
  try {
    if (process.platform !== "linux")
      return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command (field 2) may hold spaces and brackets; field 22 is the start time in clock ticks.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended: only its parent has not looked yet.
    return fields[0] === "Z" ? null : (fields[19] ?? "");
  } catch {
    return "";
  }
}

function thisProcess(): Holder {
  return {
    pid: process.pid,
    start_time: processStartTime(process.pid) ?? "",
    boot_id: bootId(),
    pid_namespace: pidNamespace(),
    nonce: randomUUID(),
  };
}

/** A lock from another pid namespace says nothing: its ids mean other processes here (a container that was restarted). */
function isAlive(holder: Holder): boolean {
  if (holder.boot_id !== bootId() || holder.pid_namespace !== pidNamespace()) return false;
  const started = processStartTime(holder.pid);
  // Where the system hides start times ("") a living id has to count as the holder.
  return started !== null && (started === "" || started === holder.start_time);
}

/**
 * Creates `path` with `content`, or replaces it when its holder is dead. Of several contenders for one dead lock only the one
 * that holds the marker named after that lock may replace it, and only while the lock is still the dead one.
 */
async function claim(folder: string, path: string, content: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content, { mode: 0o600 });
  try {
    for (;;) {
      if (await linked(draft, path)) return;
      const present = await read(path);
      if (present === null) continue;
      const holder = parse(present);
      if (holder && isAlive(holder)) throw new DataFolderLocked(folder, holder.pid);
      const marker = join(
        folder,
        `lock.${createHash("sha256").update(present).digest("hex").slice(0, 16)}`,
      );
      await claim(folder, marker, content);
      try {
        if ((await read(path)) === present) return await rename(draft, path);
      } finally {
        await unlink(marker);
      }
    }
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/** A hard link appears with its whole content or not at all, and never over another file. */
async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Null for a file that a power cut left empty or torn: its writer is gone. */
function parse(content: string): Holder | null {
  try {
    const value: unknown = JSON.parse(content);
    const isHolder =
      typeof value === "object" &&
      value !== null &&
      "pid" in value &&
      Number.isSafeInteger(value.pid);
    return isHolder ? (value as Holder) : null;
  } catch {
    return null;
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

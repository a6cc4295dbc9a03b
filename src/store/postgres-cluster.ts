/** Where the private database's files lie, whose they are, and how they are made the first time. */
import { spawn } from "node:child_process";
import type { Stats } from "node:fs";
import {
  access,
  chmod,
  chown,
  constants,
  lchown,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Account, mayEnter, type PostgresBinaries } from "./postgres-binaries.ts";
import { explainFailure, PostgresUnavailable } from "./postgres-unavailable.ts";

/** The place of the database: `home` belongs to us, `data` and the socket folder in it to the account. */
export type ClusterHome = { folder: string; home: string; data: string; account: Account | null };

/** `nobody`, on every system that has a name for it. */
const unprivileged: Account = { uid: 65534, gid: 65534 };

/** Where the files of a root-started database go when its user may not enter the data folder (one under /root). */
export const outsideFolder = "/var/lib/multimail";

/** Bytes a socket's path may have (sun_path less its closing zero byte, unix(7)). */
const longestSocketPath = process.platform === "darwin" ? 103 : 107;

/** Creates the data folder where it is absent (closed to others) and says where it really lies. */
export async function openDataFolder(folder: string): Promise<string> {
  await makeFolder(resolve(folder), 0o700);
  await access(folder, constants.W_OK | constants.X_OK);
  return realpath(folder);
}

/** Not by `recursive`: that closes the parents too, and never returns where a parent exists but refuses (/proc). */
async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return;
    if (code !== "ENOENT" || (await stat(dirname(path)).catch(() => null))) throw error;
    await makeFolder(dirname(path), 0o755);
    await mkdir(path, { mode });
  }
}

/**
 * Decides under which user PostgreSQL runs and makes a home that this user can reach. As an ordinary user that is
 * `<folder>/postgres`; as root it may be a link to a folder of its own under `outside`.
 */
export async function openClusterHome(
  folder: string,
  outside = outsideFolder,
): Promise<ClusterHome> {
  const asRoot = process.getuid?.() === 0;
  const home = await realpath(
    (await existingHome(folder)) ?? (await newHome(folder, asRoot, outside)),
  );
  const data = join(home, "data");
  const present = await stat(data).catch(() => null);
  const account = asRoot ? accountFor(present) : null;
  if (account) {
    if (!(await mayEnter(home, account)))
      throw new PostgresUnavailable(
        `user ${account.uid}, which PostgreSQL runs as, may not enter ${home}`,
        "move the data folder to one that every user may pass through, or set DATABASE_URL",
      );
    // A folder that was put back from a backup by root.
    if (present?.uid === 0) await giveTo(data, account);
  } else if (present && present.uid !== process.getuid?.())
    throw new PostgresUnavailable(
      `the database in ${data} belongs to user ${present.uid} and this process runs as user ${process.getuid?.()}`,
      "start as the user (or root) that made it, or set MULTIMAIL_DATA to another folder",
    );
  return { folder, home, data, account };
}

/** Files of an ordinary user stay that user's when root starts MultiMail later. */
function accountFor(present: Stats | null): Account {
  return present && present.uid !== 0 ? { uid: present.uid, gid: present.gid } : unprivileged;
}

async function existingHome(folder: string): Promise<string | null> {
  const path = join(folder, "postgres");
  const entry = await lstat(path).catch(() => null);
  if (!entry) return null;
  if (!entry.isSymbolicLink()) return path;
  const home = await readlink(path);
  await refuseCopiedLink(path, home);
  return home;
}

/** A copied data folder would share the database of the original through the link; a moved one may keep it. */
async function refuseCopiedLink(path: string, home: string): Promise<void> {
  const origin = await readFile(join(home, "data-folder"), "utf8").catch(() => null);
  if (origin === null)
    throw new PostgresUnavailable(
      `the database of this data folder is missing: ${path} leads to ${home}`,
      "restore that folder from a backup, or remove the link to begin with an empty database",
    );
  if (origin === path) return;
  if ((await readlink(origin).catch(() => null)) === home)
    throw new PostgresUnavailable(
      `the database in ${home} belongs to the data folder ${dirname(origin)}`,
      "use that data folder, or remove this copy's link to begin with an empty database",
    );
  await writeFile(join(home, "data-folder"), path);
}

async function newHome(folder: string, asRoot: boolean, outside: string): Promise<string> {
  const path = join(folder, "postgres");
  if (!asRoot || (await letIn(folder, unprivileged))) {
    await mkdir(path, { mode: 0o711 });
    await chmod(path, asRoot ? 0o711 : 0o700);
    return path;
  }
  await makeFolder(outside, 0o711);
  const home = await mkdtemp(join(outside, "database-"));
  await chmod(home, 0o711);
  await writeFile(join(home, "data-folder"), path, { mode: 0o600 });
  await symlink(home, path);
  return home;
}

/** Lets the account pass through a data folder that is closed to all but root, without letting it look in. */
async function letIn(folder: string, account: Account): Promise<boolean> {
  if (await mayEnter(folder, account)) return true;
  const { uid, mode } = await stat(folder);
  if (uid !== 0 || (mode & 0o077) !== 0 || !(await mayEnter(dirname(folder), account)))
    return false;
  await chown(folder, 0, account.gid);
  await chmod(folder, (mode & 0o700) | 0o010);
  return true;
}

async function giveTo(path: string, account: Account): Promise<void> {
  const entry = await lstat(path);
  if (entry.isDirectory())
    for (const name of await readdir(path)) await giveTo(join(path, name), account);
  await lchown(path, account.uid, account.gid);
}

/**
 * Makes the database files where there are none, in a folder that gets its name only when it is whole.
 * @returns true when they were made now.
 * @throws PostgresUnavailable when they are damaged, of another major version, or cannot be made.
 */
export async function ensureCluster(
  cluster: ClusterHome,
  binaries: PostgresBinaries,
): Promise<boolean> {
  const { home, data } = cluster;
  for (const name of await readdir(home))
    if (name.startsWith("data-new-")) await rm(join(home, name), { recursive: true, force: true });
  if (await lstat(data).catch(() => null)) {
    await checkVersion(data, binaries);
    return false;
  }
  const draft = await mkdtemp(join(home, "data-new-"));
  if (cluster.account) await chown(draft, cluster.account.uid, cluster.account.gid);
  await runInitdb(cluster, binaries, draft);
  await rename(draft, data);
  const folder = await open(home, "r");
  await folder.sync();
  await folder.close();
  return true;
}

async function checkVersion(data: string, binaries: PostgresBinaries): Promise<void> {
  const made = (await readFile(join(data, "PG_VERSION"), "utf8").catch(() => "")).trim();
  const ours = binaries.version.split(".")[0];
  if (made === ours) return;
  if (made === "")
    throw new PostgresUnavailable(
      `${data} is not a PostgreSQL database or is damaged`,
      "restore the data folder from a backup, or set MULTIMAIL_DATA to another folder",
    );
  throw new PostgresUnavailable(
    `the database in ${data} was made by PostgreSQL ${made} and this release brings ${ours}`,
    "start the release that made it, back it up there and restore it here, or set DATABASE_URL",
  );
}

/** Trust is safe here: only root and the account can reach the socket. */
async function runInitdb(
  cluster: ClusterHome,
  binaries: PostgresBinaries,
  into: string,
): Promise<void> {
  const collation = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", ...collation];
  const { code, output } = await new Promise<{ code: number | null; output: string }>((resolve) => {
    const child = spawn(
      binaries.initdb,
      ["-D", into, ...options, "--data-checksums", "--no-instructions"],
      {
        ...cluster.account,
        cwd: "/",
        env: postgresEnvironment,
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let output = "";
    const collect = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000));
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (error) => resolve({ code: null, output: error.message }));
    child.on("close", (code) => resolve({ code, output }));
  }).catch((error: unknown) => ({ code: null, output: String(error) }));
  if (code === 0) return;
  const failure = await explainFailure({ output, folder: cluster.folder, log: cluster.folder });
  await rm(into, { recursive: true, force: true });
  throw failure;
}

/** Nothing of the caller's environment reaches PostgreSQL (PGDATA, PGPORT, LD_LIBRARY_PATH …). */
export const postgresEnvironment = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

/**
 * A folder for the socket that only the account (and root) may enter: in the home, or under the system's folder for temporary
 * files when the path would be too long for a socket. `previous` is the one of the last run, used again where it still fits.
 */
export async function openSocketFolder(
  cluster: ClusterHome,
  previous: string | null,
): Promise<string> {
  const inside = join(cluster.home, "socket");
  if (fits(inside)) {
    await mkdir(inside, { recursive: true });
    await closeToOthers(inside, cluster.account);
    return inside;
  }
  if (previous && fits(previous) && (await isPrivate(previous, cluster.account))) return previous;
  for (const base of [await realpath(tmpdir()).catch(() => "/tmp"), "/tmp"]) {
    if (!fits(join(base, "multimail-XXXXXX"))) continue;
    if (cluster.account && !(await mayEnter(base, cluster.account))) continue;
    const folder = await mkdtemp(join(base, "multimail-"));
    await closeToOthers(folder, cluster.account);
    return folder;
  }
  throw new PostgresUnavailable(
    `no folder with a path short enough for a socket (${inside})`,
    "set MULTIMAIL_DATA to a folder with a shorter path",
  );
}

/** Removes a socket folder that stood outside of the home; PostgreSQL has emptied it. */
export async function removeSocketFolder(cluster: ClusterHome, folder: string): Promise<void> {
  if (dirname(folder) !== cluster.home) await rmdir(folder).catch(() => undefined);
}

function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, ".s.PGSQL.5432")) <= longestSocketPath;
}

async function closeToOthers(folder: string, account: Account | null): Promise<void> {
  await chmod(folder, 0o700);
  if (account) await lchown(folder, account.uid, account.gid);
}

async function isPrivate(folder: string, account: Account | null): Promise<boolean> {
  const entry = await lstat(folder).catch(() => null);
  const owner = account?.uid ?? process.getuid?.();
  return entry !== null && entry.isDirectory() && entry.uid === owner && (entry.mode & 0o077) === 0;
}

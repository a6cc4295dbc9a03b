/** Installs the dependencies where node_modules is missing or not what package-lock.json says; one process at a time. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { constants as system } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

// Plain JavaScript for Node 20 and without dependencies: it is what runs before anything is installed.

export const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
export const modules = join(checkout, "node_modules");
const stamp = join(modules, ".multimail-lock");

/** Something the person at the keyboard has to mend; shown without a stack. */
export class Unable extends Error {}

/**
 * Runs `npm ci` unless the stamp in node_modules, or npm's own notes, agree with package-lock.json.
 * @throws Unable when that is not possible; the message says why.
 */
export async function ensureDependencies() {
  const hash = createHash("sha256")
    .update(readFileSync(join(checkout, "package-lock.json")))
    .digest("hex");
  const current = () => read(stamp) === hash;
  if (current()) return;
  if (isInstalled()) {
    // Somebody ran npm themselves; where the stamp cannot be written this is found out again the next time.
    try {
      writeFileSync(stamp, `${hash}\n`);
    } catch {
      return;
    }
    return;
  }
  refuseWhereNotWritable();
  const lock = await takeInstallLock(current);
  if (!lock) return;
  try {
    await install(lock);
    writeFileSync(stamp, `${hash}\n`);
  } finally {
    lock.release();
  }
}

/** Compares what npm notes about node_modules with package-lock.json. */
function isInstalled() {
  const present = packagesOf(join(modules, ".package-lock.json"));
  const wanted = packagesOf(join(checkout, "package-lock.json"));
  if (!present || !wanted) return false;
  const withoutDev = process.env["NODE_ENV"] === "production";
  return Object.entries(wanted).every(([path, { version, integrity, link, optional, dev }]) => {
    if (!path.startsWith("node_modules/")) return true;
    const found = present[path];
    if (!found) return optional === true || (withoutDev && dev === true);
    return link === true || (found.version === version && found.integrity === integrity);
  });
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages;
  } catch {
    return null;
  }
}

function refuseWhereNotWritable() {
  for (const folder of [checkout, modules]) {
    if (!existsSync(folder)) continue;
    try {
      accessSync(folder, constants.W_OK);
    } catch {
      throw new Unable(
        `The dependencies of MultiMail are missing or old, and user ${process.getuid?.()} may not write in ${folder}. Run "npm ci" there as its owner, or clone the repository into a folder of your own.`,
      );
    }
  }
}

async function install(lock) {
  process.stderr.write(
    existsSync(modules) ? "Installing dependencies…\n" : "Installing dependencies (first run)…\n",
  );
  let attempt = await npmCi(lock);
  if (attempt.code !== 0 && !attempt.missing) {
    process.stderr.write("That failed; once more…\n");
    attempt = await npmCi(lock);
  }
  if (attempt.code === 0) return;
  const said = attempt.output.split("\n").filter((line) => !line.startsWith("npm warn"));
  throw new Unable(
    `${said.join("\n").trim()}\nThe dependencies could not be installed by "npm ci" in ${checkout}.`,
  );
}

/** Runs npm and keeps what it says; a signal that ends us ends it first, with all that it started. */
async function npmCi(lock) {
  // Under npm, PATH begins with node_modules/.bin, whose node would be deleted while it installs.
  const outside = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((entry) => !entry.startsWith(modules));
  const child = spawn("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: checkout,
    env: { ...process.env, PATH: outside.join(delimiter) },
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own, which can be ended as a whole.
    detached: true,
  });
  if (child.pid) lock.hold(child.pid);
  let output = "";
  const collect = (chunk) => (output = (output + chunk.toString()).slice(-20_000));
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  let ending = null;
  const end = (name) => {
    signalGroup(child.pid, ending ? "SIGKILL" : name);
    ending ??= name;
    setTimeout(() => signalGroup(child.pid, "SIGKILL"), 2000).unref();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, end);
  const result = await new Promise((settle) => {
    child.once("error", (error) =>
      settle({ code: 1, missing: true, output: `npm does not start: ${error.message}` }),
    );
    child.once("exit", () => ending && signalGroup(child.pid, "SIGKILL"));
    child.once("close", (code) => settle({ code: code ?? 1, missing: false, output }));
  });
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(name, end);
  if (ending) {
    lock.release();
    process.exit(128 + system.signals[ending]);
  }
  return result;
}

function signalGroup(pid, name) {
  try {
    process.kill(-pid, name);
  } catch {
    // All of it has ended.
  }
}

/**
 * Takes `.multimail-install.lock`, or waits for the process that holds it. Null when that one has installed what we need.
 * The lock names npm's process too: it may live on when ours is killed.
 */
async function takeInstallLock(done) {
  const path = join(checkout, ".multimail-install.lock");
  const draft = `${path}.${process.pid}`;
  let told = false;
  for (;;) {
    writeFileSync(draft, identity(process.pid));
    try {
      // A link appears with its content or not at all.
      linkSync(draft, path);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    const holders = read(path);
    const living = (holders ?? "").split("\n").find((holder) => isAlive(holder));
    if (holders !== null && living === undefined) discard(path, holders);
    else {
      if (!told)
        process.stderr.write("Waiting for another process that installs the dependencies…\n");
      told = true;
      await delay(200);
    }
  }
  const release = () => rmSync(path, { force: true });
  if (done()) {
    release();
    return null;
  }
  return {
    release,
    hold: (pid) => writeFileSync(path, `${identity(process.pid)}\n${identity(pid)}`),
  };
}

/** Moves a dead lock away; should it have become somebody's in the meantime, it is put back. */
function discard(path, dead) {
  const aside = `${path}.${process.pid}.dead`;
  try {
    renameSync(path, aside);
    if (read(aside) !== dead) linkSync(aside, path);
  } catch {
    // Another process was quicker.
  }
  rmSync(aside, { force: true });
}

/** A process id and, where the system tells, when it began: ids are used again. */
function identity(pid) {
  const status = read(`/proc/${pid}/stat`) ?? "";
  return `${pid} ${status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? ""}`.trim();
}

function isAlive(holder) {
  const pid = Number(holder.split(" ")[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== "EPERM") return false;
  }
  return identity(pid) === holder;
}

function read(path) {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}

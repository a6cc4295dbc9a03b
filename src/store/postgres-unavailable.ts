/** The error of a private PostgreSQL that cannot run: one line that says what is wrong and a hint how to mend it. */
import { statfs } from "node:fs/promises";

/** The private PostgreSQL cannot be started; `hint` says what the person at the keyboard can do. */
export class PostgresUnavailable extends Error {
  override readonly name = "PostgresUnavailable";
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

const ownDatabase = "set DATABASE_URL to a PostgreSQL of your own";

type Cause = { pattern: RegExp; message: string; hint: string };

/** What initdb, postgres and the system say, by cause; the first match counts. */
const causes: Cause[] = [
  {
    pattern:
      /ENOSPC|EDQUOT|No space left on device|Disk quota exceeded|wrote only \d+ of \d+ bytes/i,
    message: "the disk that holds the data folder is full",
    hint: "free some space and start again, or set MULTIMAIL_DATA to a folder on another disk",
  },
  {
    pattern: /spawn .*EPERM/,
    message: "PostgreSQL refuses to run as root and this process has no right to change its user",
    hint: `start as an ordinary user, allow SETUID and SETGID to the container, or ${ownDatabase}`,
  },
  {
    pattern: /spawn .*EACCES/,
    message:
      "the PostgreSQL program may not be executed (noexec mount, or a folder its user may not enter)",
    hint: `move the checkout to a folder from which programs may run, or ${ownDatabase}`,
  },
  {
    pattern: /could not look up effective user ID/,
    message: "PostgreSQL needs a user name for its user id and this system has none",
    hint: `add the user to /etc/passwd, or ${ownDatabase}`,
  },
  {
    pattern:
      /GLIBC\w*_|error while loading shared libraries|Library not loaded|spawn .*(ENOENT|ENOEXEC)/,
    message: "the PostgreSQL program that comes with MultiMail does not run on this system",
    hint: ownDatabase,
  },
  {
    pattern:
      /EACCES|EPERM|EROFS|ENOENT.* mkdir|Permission denied|Read-only file system|has wrong ownership/i,
    message: "the data folder is not writable",
    hint: "set MULTIMAIL_DATA to a folder that belongs to the user who starts MultiMail",
  },
  {
    pattern: /ENOTDIR|EEXIST/,
    message: "the data folder is not a folder",
    hint: "set MULTIMAIL_DATA to another folder",
  },
  {
    pattern: /database files are incompatible with server/,
    message: "the database was made by another version of PostgreSQL",
    hint: `start the release that made it, back it up there and restore it here, or ${ownDatabase}`,
  },
  {
    pattern: /could not (create|map|resize) .*shared memory/i,
    message: "there is not enough shared memory for PostgreSQL",
    hint: `give the machine or container more memory, or ${ownDatabase}`,
  },
];

/**
 * Names the cause of a failure in one line. `output` is what the program or the system said, `folder` the data folder, `log`
 * the file to look at when the cause is none of the known ones.
 */
export async function explainFailure(failure: {
  output: string;
  folder: string;
  log: string;
  cause?: unknown;
}): Promise<PostgresUnavailable> {
  const { output, folder, log } = failure;
  // On a full disk the log could not be written either, so the disk itself is asked too.
  const text = (await isFull(folder)) ? `ENOSPC ${output}` : output;
  const known = causes.find((each) => each.pattern.test(text));
  const options = failure.cause === undefined ? {} : { cause: failure.cause };
  if (known) return new PostgresUnavailable(`${known.message} (${folder})`, known.hint, options);
  const lines = output.split("\n").map((line) => line.trim());
  const said =
    lines.findLast((line) => /FATAL|PANIC|error:/.test(line)) ??
    lines.findLast((line) => line !== "");
  return new PostgresUnavailable(
    `PostgreSQL does not start: ${said ?? "it said nothing"}`,
    `read ${log}, or ${ownDatabase}`,
    options,
  );
}

/** Runs a step on the file system and turns what it throws into a {@link PostgresUnavailable}. */
export async function explained<T>(folder: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && "syscall" in error)) throw error;
    throw await explainFailure({ output: error.message, folder, log: folder, cause: error });
  }
}

async function isFull(folder: string): Promise<boolean> {
  try {
    const disk = await statfs(folder);
    return disk.bavail * disk.bsize < 1024 * 1024;
  } catch {
    return false;
  }
}

/** The command `multimail audit verify`: recomputes a whole log, live or exported, up to its signed checkpoint. */
import { rename } from "node:fs/promises";
import { parseCheckpoint, parseVkey } from "../audit/checkpoint.ts";
import { FormatError } from "../audit/encoding.ts";
import { verifyLog } from "../audit/log-verify.ts";
import type { LogReport, LogSource } from "../audit/log-verify.ts";
import { UsageError } from "./flags.ts";
import { exitCodes } from "./help.ts";
import { keysHint, parseLocal, readIfThere, readPinned, withExitCode } from "./local-io.ts";
import type { LocalIo, Pinned } from "./local-io.ts";
import { auditConnection, folderSource, httpSource } from "./log-source.ts";
import { plainText, safeJson } from "./print.ts";
import { progressOn } from "./progress.ts";
import { marks } from "./verify.ts";

export { runAuditExport } from "./audit-export.ts";

const help = `Usage: multimail audit verify [<folder>] [--flag value …]

Reads every entry and every tile of an audit log, recomputes the tree, and compares it with the
signed checkpoint. With a folder it reads what multimail audit export wrote; without one it reads
the log of the running server.

Options:
  --url <url>               Server, else MULTIMAIL_API_URL or that of first-run.json
  --key <key>               API key with the scope audit, else MULTIMAIL_API_KEY or first-run.json's
  --keys <file>             Keys to hold to, else public-keys.json in MULTIMAIL_DATA (./data)
  --vkey <vkey>             The log's key alone, in place of --keys
  --save-checkpoint <file>  Keep the checkpoint, and the next time refuse a log that does not
                            continue it
  --json                    Print the report as JSON

Exit codes:
  0   the log is whole and continues the checkpoint kept earlier
  2   the command was not called rightly
  3   the server cannot be reached
  30  the log is not what its checkpoint says
`;

const options = {
  url: { type: "string" },
  key: { type: "string" },
  keys: { type: "string" },
  vkey: { type: "string" },
  "save-checkpoint": { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** What is printed with `--json`; `continues` is the size of the earlier checkpoint. */
type Report = {
  verdict: "valid" | "invalid";
  exit_code: number;
  origin: string | null;
  size: number | null;
  root: string | null;
  verified: number;
  continues: number | null;
  fault: LogReport["fault"];
};

/** Runs the command with the words behind it; gives the exit code: 0, 30, 2 or 3. */
export function runAuditVerify(args: readonly string[], io: LocalIo): Promise<number> {
  return withExitCode(io, async () => {
    const { values, words } = parseLocal(args, options, 1);
    if (values.help) {
      io.stdout.write(help);
      return exitCodes.ok;
    }
    const [folder] = words;
    if (folder !== undefined && (values.url !== undefined || values.key !== undefined))
      throw new UsageError("A folder is read without a server: leave out --url and --key.");
    if (values.vkey !== undefined && values.keys !== undefined)
      throw new UsageError("Give either --vkey or --keys.");
    const known = await knownKeys(io, values.vkey, values.keys);
    const source =
      folder === undefined
        ? httpSource(io.fetch, await auditConnection(values, io.env))
        : folderSource(io, folder);
    const report = await verify(io, source, known, values["save-checkpoint"]);
    io.stdout.write(values.json ? `${safeJson(report)}\n` : humanReport(report));
    return report.exit_code;
  });
}

/** vkeys by origin. A log's own word for its key is never taken. */
async function knownKeys(
  io: LocalIo,
  vkey: string | undefined,
  path: string | undefined,
): Promise<Pinned["keys"]["logs"]> {
  if (vkey !== undefined)
    try {
      return { [parseVkey(vkey).name]: vkey };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new UsageError(`--vkey: ${error.message}.`);
    }
  const pinned = await readPinned(io, path);
  if (pinned === null)
    throw new UsageError("The log's key is not known: give --keys or --vkey.", keysHint);
  for (const one of Object.values(pinned.keys.logs))
    try {
      parseVkey(one);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new UsageError(`${pinned.path}: ${error.message}.`, keysHint);
    }
  return pinned.keys.logs;
}

async function verify(
  io: LocalIo,
  source: LogSource,
  known: Pinned["keys"]["logs"],
  keptAt: string | undefined,
): Promise<Report> {
  const note = await source.checkpoint();
  const origin = originOf(note);
  const vkey = origin === null || !Object.hasOwn(known, origin) ? undefined : known[origin];
  if (origin === null || vkey === undefined)
    return invalid(
      origin,
      origin === null ? "it is not a checkpoint" : `the log ${origin} is not among the known keys`,
    );
  const older = keptAt === undefined ? null : await keptCheckpoint(io, keptAt);
  const progress = progressOn(io, sizeOf(note));
  const report = await verifyLog(
    // One reading: the checkpoint that chose the key is the one that is verified.
    { checkpoint: () => Promise.resolve(note), tile: (path) => source.tile(path) },
    {
      vkey,
      onEntry: (index) => progress.at(index + 1),
      ...(older === null ? {} : { older }),
    },
  );
  progress.done();
  if (report.fault === null && keptAt !== undefined && report.size !== null && report.size > 0)
    await keepCheckpoint(io, keptAt, note);
  return {
    verdict: report.fault === null ? "valid" : "invalid",
    exit_code: report.fault === null ? 0 : 30,
    origin,
    size: report.size,
    root: report.root?.toString("hex") ?? null,
    verified: report.verified,
    continues: older === null || report.fault !== null ? null : sizeOf(older),
    fault: report.fault,
  };
}

function invalid(origin: string | null, message: string): Report {
  return {
    verdict: "invalid",
    exit_code: 30,
    origin,
    size: null,
    root: null,
    verified: 0,
    continues: null,
    fault: { place: "checkpoint", index: null, message },
  };
}

/** The origin that a checkpoint states, null where it is none: it says which pinned key to ask, and nothing more. */
function originOf(note: string): string | null {
  try {
    return parseCheckpoint(note).origin;
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function sizeOf(note: string): number {
  return parseCheckpoint(note).size;
}

/** The checkpoint kept by an earlier run, null where there is none or it was of the empty log, which every log continues. */
async function keptCheckpoint(io: LocalIo, path: string): Promise<string | null> {
  const note = (await readIfThere(io, path))?.toString("utf8") ?? null;
  if (note === null) return null;
  if (originOf(note) === null)
    throw new UsageError(
      `${path} is not a checkpoint.`,
      "Name the file that an earlier run kept, or one that does not exist.",
    );
  return sizeOf(note) === 0 ? null : note;
}

/** The file is the earlier or the later checkpoint, never a torn one. */
async function keepCheckpoint(io: LocalIo, path: string, note: string): Promise<void> {
  try {
    await io.write_file(`${path}.new`, note);
    await rename(`${path}.new`, path);
  } catch (error) {
    throw new UsageError(`Cannot write ${path}: ${(error as Error).message}.`);
  }
}

function humanReport(report: Report): string {
  const { fault, origin, size, verified, continues } = report;
  const lines: [keyof typeof marks, string][] = [];
  if (fault === null) {
    lines.push(["pass", `checkpoint of ${origin}: ${size} entries, signed by the known key`]);
    lines.push(["pass", `${verified} entries recomputed, with every tile, up to the signed root`]);
    lines.push(
      continues === null
        ? ["absent", "no earlier checkpoint to continue (--save-checkpoint keeps one)"]
        : ["pass", `it continues the checkpoint kept at ${continues} entries`],
    );
  } else {
    if (size !== null) lines.push(["pass", `checkpoint of ${origin}: ${size} entries`]);
    if (verified > 0) lines.push(["absent", `${verified} entries agree up to there`]);
    lines.push(["fail", `${fault.place}: ${fault.message}`]);
  }
  return [
    ...lines.map(([mark, words]) => `${marks[mark]} ${plainText(words)}`),
    "",
    fault === null
      ? "Valid: the log is whole and unchanged."
      : "Invalid: the log is not what its checkpoint says.",
    "",
  ].join("\n");
}

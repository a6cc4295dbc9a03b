/** The command `multimail verify`: checks a mail or an evidence bundle offline and says what holds. */
import { verifyMail } from "../audit/bundle-mail.ts";
import type { BundleReport, CheckStatus, Verdict } from "../audit/bundle-report.ts";
import { parseWitnessKey } from "../audit/bundle-witness.ts";
import { verifyBundle } from "../audit/bundle.ts";
import { FormatError } from "../audit/encoding.ts";
import { UsageError } from "./flags.ts";
import { exitCodes } from "./help.ts";
import { keysHint, parseLocal, readInput, readPinned, withExitCode } from "./local-io.ts";
import type { LocalIo, Pinned } from "./local-io.ts";
import { plainText, safeJson } from "./print.ts";

const help = `Usage: multimail verify <mail.eml | bundle.json | -> [--flag value …]

Verifies a mail, an evidence bundle, or a mail against its bundle. Asks no server: everything is
in the files, and the keys are had beforehand. The bundle of a message: multimail proof <email_id>.

Options:
  --bundle <file>    The evidence bundle of the mail
  --keys <file>      Keys to hold to, as the operator's /v1/public-keys answers them, else
                     public-keys.json in MULTIMAIL_DATA (./data); without them a bundle is never
                     valid, since anybody can make one with keys of their own
  --witness <vkey>   A witness that must have signed the log's checkpoint; may be repeated
  --json             Print the report as JSON

Exit codes:
  0   valid
  2   the command was not called rightly
  10  valid, but a witness that was asked for has not signed
  11  consistent in itself, but no keys were pinned: who made it is not known
  20  valid, but parts were erased on the record
  30  invalid
`;

const options = {
  bundle: { type: "string" },
  keys: { type: "string" },
  witness: { type: "string", multiple: true },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Runs the command with the words behind it; gives the exit code (formats, section 7, and 2). */
export function runVerify(args: readonly string[], io: LocalIo): Promise<number> {
  return withExitCode(io, async () => {
    const { values, words } = parseLocal(args, options, 1);
    if (values.help) {
      io.stdout.write(help);
      return exitCodes.ok;
    }
    const [path] = words;
    if (path === undefined)
      throw new UsageError("No mail or bundle was named.", "See multimail verify --help.");
    if (path === "-" && values.bundle === "-")
      throw new UsageError("Standard input cannot be both the mail and the bundle.");
    const pinned = await readPinned(io, values.keys);
    const report = await verify(io, path, values.bundle, values.witness ?? [], pinned);
    io.stdout.write(values.json ? `${safeJson(report)}\n` : humanReport(report, pinned));
    return report.exit_code;
  });
}

async function verify(
  io: LocalIo,
  path: string,
  bundlePath: string | undefined,
  vkeys: readonly string[],
  pinned: Pinned | null,
): Promise<BundleReport> {
  const now = io.now();
  const input = await readInput(io, path);
  const isBundle = /^\s*\{/.test(input.toString("latin1", 0, 1024));
  if (isBundle && bundlePath !== undefined)
    throw new UsageError(`${path} is a bundle already, and --bundle names another.`);
  if (!isBundle && bundlePath === undefined) {
    if (vkeys.length > 0) throw new UsageError("Witnesses sign the log: --witness needs a bundle.");
    if (pinned === null)
      throw new UsageError("A mail by itself can only be verified by keys: give --keys.", keysHint);
    return verifyMail(input, { keys: pinned.keys, now });
  }
  const bundle = isBundle ? input : await readInput(io, bundlePath ?? "");
  return verifyBundle(parseJson(bundle), {
    now,
    ...(pinned === null ? {} : { pinned: pinned.keys }),
    ...(isBundle ? {} : { eml: input }),
    ...(vkeys.length === 0 ? {} : { witnesses: readWitnesses(vkeys) }),
  });
}

/** What is not JSON is no bundle either, which the verification tells. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

function readWitnesses(vkeys: readonly string[]): { vkeys: string[]; needed: number } {
  const distinct = [...new Set(vkeys)];
  for (const vkey of distinct)
    try {
      parseWitnessKey(vkey);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new UsageError(`--witness: ${error.message}.`);
    }
  return { vkeys: distinct, needed: distinct.length };
}

/** The mark before each line of a report. */
export const marks: Readonly<Record<CheckStatus, string>> = { pass: "✓", fail: "✗", absent: "–" };

const verdicts: Readonly<Record<Verdict, string>> = {
  valid: "Valid: everything that was checked holds.",
  unwitnessed: "Valid, but unwitnessed: a witness that was asked for has not signed the log.",
  erased: "Valid, with parts erased on the record: everything that is left holds.",
  unpinned:
    "Unpinned: consistent in itself, but who made it is not known. Pin the operator's keys: --keys with a file " +
    "had from the operator's /v1/public-keys or <data>/public-keys.json.",
  invalid: "Invalid: do not rely on it.",
};

/** One line for each check, the verdict last. */
function humanReport(report: BundleReport, pinned: Pinned | null): string {
  const width = Math.max(...report.checks.map(({ name }) => name.length));
  return [
    pinned === null
      ? "Keys: as stated by the bundle itself, not pinned"
      : `Keys: ${plainText(pinned.path)}`,
    "",
    ...report.checks.map(
      ({ name, status, words }) =>
        `${marks[status]} ${name.replaceAll("_", " ").padEnd(width)}  ${plainText(words)}`,
    ),
    ...report.erased.map((part) => `  erased: ${plainText(part)}`),
    "",
    verdicts[report.verdict] + until(report),
    "",
  ].join("\n");
}

/** What a good verdict does not say: bundles end when they are made. */
function until({ verdict, as_of }: BundleReport): string {
  if (verdict === "invalid" || verdict === "unpinned" || as_of === null) return "";
  return ` As of ${plainText(as_of)}: later entries are not excluded.`;
}

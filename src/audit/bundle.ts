/** Verifies the evidence bundle of one message offline: log, content, decisions, story, and the mail as it was received. */
import {
  checkDigest,
  checkOpenings,
  checkReceipts,
  checkRecipients,
  readOpenings,
} from "./bundle-content.ts";
import type { Openings } from "./bundle-content.ts";
import {
  checkApprovals,
  checkApprovers,
  checkRejection,
  checkStatements,
  readStatements,
} from "./bundle-decisions.ts";
import type { Stated } from "./bundle-decisions.ts";
import { checkDirectory } from "./bundle-directory.ts";
import type { PublicKeys } from "./bundle-format.ts";
import { checkCompleteness } from "./bundle-completeness.ts";
import { checkInclusion, checkKeys, readSignedCheckpoint } from "./bundle-log.ts";
import {
  checkMailApproval,
  checkMailContent,
  checkMailDkim,
  checkMailIdentity,
  readMail,
} from "./bundle-mail.ts";
import { parseBundle } from "./bundle-parse.ts";
import type { ReadBundle } from "./bundle-parse.ts";
import { reportOf, runCheck } from "./bundle-report.ts";
import type { BundleReport, Check, Outcome } from "./bundle-report.ts";
import { checkStatus } from "./bundle-status.ts";
import { checkEntries, checkOrder, checkSubmission, readStory } from "./bundle-story.ts";
import type { Story } from "./bundle-story.ts";
import { witnessesOf } from "./bundle-witness.ts";
import type { WitnessPolicy } from "./bundle-witness.ts";
import type { SignedCheckpoint } from "./checkpoint.ts";

export type { BundleReport, Check, CheckStatus, Verdict } from "./bundle-report.ts";
export type { WitnessPolicy } from "./bundle-witness.ts";

/** What to check a bundle against. Without `pinned` it is checked by its own keys, which can never make it `valid`. */
export type BundleOptions = {
  pinned?: PublicKeys;
  /** One copy of the message as it was received. */
  eml?: Buffer;
  /** Witnesses that must have signed the checkpoint. */
  witnesses?: WitnessPolicy;
  now: Date;
};

/** What earlier checks have read for later ones; null where they failed. */
type Reading = {
  bundle: ReadBundle;
  keys: PublicKeys;
  options: BundleOptions;
  checkpoint: SignedCheckpoint | null;
  story: Story | null;
  openings: Openings | null;
  stated: Stated[];
  unwitnessed: boolean;
  as_of: string | null;
};

/**
 * Verifies a bundle out of parsed JSON, and with `eml` that this mail is the message it speaks of. Asks no network. Whatever is
 * wrong with the bundle is a failed check; it throws only for faults of our own.
 */
export async function verifyBundle(value: unknown, options: BundleOptions): Promise<BundleReport> {
  const parsed: { bundle: ReadBundle | null } = { bundle: null };
  const checks: Check[] = [
    await runCheck("format", () => {
      const { format, email, created_at } = (parsed.bundle = parseBundle(value));
      return `${format} of message ${email.id}, made ${created_at}`;
    }),
  ];
  const { bundle } = parsed;
  if (bundle === null) return reportOf(checks);
  const reading: Reading = {
    bundle,
    keys: options.pinned ?? bundle.keys,
    options,
    checkpoint: null,
    story: null,
    openings: null,
    stated: [],
    unwitnessed: false,
    as_of: null,
  };
  checks.push(...(await checkLog(reading)));
  checks.push(...(await checkStory(reading)));
  checks.push(...(await checkDecisions(reading)));
  checks.push(...(await checkMail(reading)));
  const { openings, unwitnessed, as_of } = reading;
  const unpinned = options.pinned === undefined;
  return reportOf(checks, { erased: openings?.named ?? [], unwitnessed, unpinned, as_of });
}

async function checkLog(reading: Reading): Promise<Check[]> {
  const { bundle, keys, options } = reading;
  return [
    await runCheck("keys", () => checkKeys(bundle, options.pinned)),
    await runCheck("checkpoint", () => {
      reading.checkpoint = readSignedCheckpoint(bundle.checkpoint, keys);
      return `${reading.checkpoint.origin}, ${reading.checkpoint.size} entries, signed by the log's key`;
    }),
    await runCheck("witnesses", () => checkWitnesses(reading)),
    await runCheck("inclusion", () =>
      reading.checkpoint === null
        ? { absent: "the checkpoint does not hold" }
        : checkInclusion(bundle.entries, bundle.checkpoint ?? "", reading.checkpoint),
    ),
    await runCheck("completeness", async () => {
      const outcome = await checkCompleteness(bundle, keys);
      reading.as_of = bundle.created_at;
      return outcome;
    }),
  ];
}

/** Never fails: too few witnesses make a verdict of their own. */
function checkWitnesses(reading: Reading): Outcome {
  const { witnesses: policy } = reading.options;
  if (policy === undefined) return { absent: "no witness was asked for" };
  const signed = reading.checkpoint === null ? [] : witnessesOf(reading.checkpoint, policy);
  reading.unwitnessed = signed.length < policy.needed;
  const words = `${signed.length} of ${policy.needed} witnesses signed the checkpoint`;
  return reading.unwitnessed ? { absent: words } : words;
}

async function checkStory(reading: Reading): Promise<Check[]> {
  const { bundle } = reading;
  const told = (check: (story: Story) => Outcome): Outcome =>
    reading.story === null ? { absent: "the entries cannot be read" } : check(reading.story);
  return [
    await runCheck("entries", () => {
      reading.story = readStory(bundle.entries);
      return checkEntries(bundle);
    }),
    await runCheck("order", () => told(checkOrder)),
    await runCheck("submission", () => told((story) => checkSubmission(bundle, story))),
    await runCheck("openings", () =>
      told((story) => {
        reading.openings = readOpenings(bundle);
        return checkOpenings(reading.openings, story);
      }),
    ),
    await runCheck("digest", () => told((story) => checkDigest(bundle, story, reading.openings))),
    await runCheck("recipients", () =>
      told((story) =>
        reading.openings === null
          ? { absent: "the commitments do not open" }
          : checkRecipients(bundle, story, reading.openings),
      ),
    ),
    await runCheck("receipts", () => told((story) => checkReceipts(bundle, story))),
    await runCheck("status", () => told((story) => checkStatus(story, bundle.email.status))),
  ];
}

async function checkDecisions(reading: Reading): Promise<Check[]> {
  const { bundle, story, keys } = reading;
  const told = (check: (story: Story) => Outcome): Outcome =>
    story === null ? { absent: "the entries cannot be read" } : check(story);
  const read =
    story === null
      ? null
      : await readStatements(bundle, story, keys, reading.checkpoint?.origin ?? null);
  reading.stated = read?.stated ?? [];
  return [
    await runCheck("statements", () =>
      read === null ? { absent: "the entries cannot be read" } : checkStatements(read),
    ),
    await runCheck("directory", () => checkDirectory(bundle, reading.checkpoint, keys)),
    await runCheck("approvers", () => told(checkApprovers)),
    await runCheck("approvals", () => told(checkApprovals)),
    await runCheck("rejection", () => told(checkRejection)),
  ];
}

async function checkMail(reading: Reading): Promise<Check[]> {
  const { bundle, keys, options, story, checkpoint } = reading;
  const { eml } = options;
  if (eml === undefined)
    return [{ name: "mail_content", status: "absent", words: "no mail was given to compare with" }];
  let address: string | undefined;
  const content = await runCheck("mail_content", () => {
    const recipient = checkMailContent(eml, bundle);
    address = recipient?.address;
    return `the mail is the message that was decided on, in the copy of ${address ?? "a recipient"}`;
  });
  const evidence = await readMail(eml, keys, options.now, address);
  return [
    content,
    await runCheck("mail_identity", () => checkMailIdentity(evidence, true)),
    await runCheck("mail_approval", () => {
      const { claims, verdict } = evidence.identity;
      if (claims === undefined || story === null || checkpoint === null)
        return { absent: `nothing to compare (identity ${verdict})` };
      return checkMailApproval(claims, story, reading.stated, checkpoint.origin);
    }),
    await runCheck("mail_dkim", () => checkMailDkim(evidence, keys.dkim)),
  ];
}

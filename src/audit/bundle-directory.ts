/** Checks of the approver directory in a bundle: whose passkey signed, since when, until when, and whether the operator vouches for it. */
import type { Bundle, PublicKeys } from "./bundle-format.ts";
import { checkInclusion } from "./bundle-log.ts";
import type { ReadBundle, ReadEntry } from "./bundle-parse.ts";
import { CheckFailure, refuse } from "./bundle-report.ts";
import type { Outcome } from "./bundle-report.ts";
import type { Decided } from "./bundle-story.ts";
import type { SignedCheckpoint } from "./checkpoint.ts";
import { type Enrolment, directoryTypes, parseHead, readEnrolment } from "./directory.ts";
import { readPasskeyEnvelope, verifyPasskeyStatement } from "./passkey-statement.ts";
import { statementHash } from "./statement.ts";
import type { DecisionStatement } from "./statement.ts";
import { verifyDirectorySignature } from "./sshsig.ts";
import { AssertionError } from "./webauthn.ts";

/** One passkey as the extract has it. */
type Listed = Enrolment & { enrolled: ReadEntry; revoked: ReadEntry | null };

/** Passkeys of the extract by credential id; throws CheckFailure or FormatError where it contradicts itself. */
function readDirectory({ directory }: ReadBundle): Map<string, Listed> {
  const found = new Map<string, Listed>();
  for (const { enrolled, revoked } of directory?.passkeys ?? []) {
    const enrolment = readEnrolment(enrolled.entry);
    if (found.has(enrolment.credential_id))
      throw new CheckFailure("the directory has one passkey twice");
    if (
      revoked !== null &&
      (revoked.entry.type !== directoryTypes.revoked ||
        revoked.entry.resource !== enrolment.passkey_id)
    )
      throw new CheckFailure("the directory has a revocation of another passkey");
    found.set(enrolment.credential_id, { ...enrolment, enrolled, revoked });
  }
  return found;
}

/**
 * Reads a class A decision and checks it as formats.md orders: what the device signed and where, then that its key was in the
 * directory when the decision's leaf was written, and is its approver's. Each refusal ends in its reason in brackets.
 */
export function readPasskeySigned(
  decision: Bundle["decisions"][number],
  decided: Decided,
  bundle: ReadBundle,
): { decided: Decided; statement: DecisionStatement; hash: string } {
  const { credential_id } = readPasskeyEnvelope(decision.statement);
  const listed = readDirectory(bundle).get(credential_id);
  if (listed === undefined)
    throw new CheckFailure("the passkey that signed it is not in the directory [key_unknown]");
  let signed: ReturnType<typeof verifyPasskeyStatement>;
  try {
    signed = verifyPasskeyStatement(decision.statement, listed);
  } catch (error) {
    if (error instanceof AssertionError)
      throw new CheckFailure(`${error.message} [${error.reason}]`);
    throw error;
  }
  const place = decided.entry.index ?? Infinity;
  if (listed.enrolled.index === null || listed.enrolled.index >= place)
    throw new CheckFailure("its passkey was enrolled only after it [key_not_yet_enrolled]");
  if ((listed.revoked?.index ?? Infinity) < place)
    throw new CheckFailure("its passkey was revoked before it [key_revoked]");
  const { approver } = signed.statement.predicate;
  if (listed.member !== `person:${approver.id}` || approver.kind !== "person")
    throw new CheckFailure("its passkey belongs to somebody else [key_of_another]");
  return { decided, statement: signed.statement, hash: statementHash(signed.bytes) };
}

/**
 * The directory's entries are in the log, and, where a key of the operator's own is known, a head that it signed lists every passkey
 * by which this message was decided on.
 */
export function checkDirectory(
  bundle: ReadBundle,
  checkpoint: SignedCheckpoint | null,
  keys: PublicKeys,
): Outcome {
  const { directory } = bundle;
  if (directory === null) return { absent: "no decision was signed by a passkey" };
  if (checkpoint === null) return { absent: "the checkpoint does not hold" };
  const listed = [...readDirectory(bundle).values()];
  const entries = directory.passkeys.flatMap(({ enrolled, revoked }) =>
    revoked === null ? [enrolled] : [enrolled, revoked],
  );
  checkInclusion(entries, bundle.checkpoint ?? "", checkpoint);
  const key = keys.directory?.[checkpoint.origin];
  const passkeys = `${listed.length} passkey(s) of the directory are in the log`;
  if (key === undefined)
    return `${passkeys}; the operator's own key, which could vouch for them, is not known`;
  const vouched = new Set<string>();
  const faults: string[] = [];
  for (const { statement, signature } of directory.heads) {
    const head = parseHead(statement);
    if (head.log !== checkpoint.origin) faults.push("a head is of another log's directory");
    else if (!verifyDirectorySignature(statement, signature, key))
      faults.push("a head is not signed by the operator's own key [head_not_signed]");
    else for (const { index, leaf } of head.entries) vouched.add(`${index} ${leaf}`);
  }
  for (const { enrolled } of listed)
    if (!vouched.has(`${enrolled.index} ${enrolled.leaf}`))
      faults.push(
        `passkey ${enrolled.entry.resource} is in no head that the operator signed [key_not_vouched_for]`,
      );
  refuse(faults);
  return `${passkeys}, and in a head signed by the operator's own key`;
}

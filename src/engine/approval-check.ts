/** Approvals as hand-off counts them: by their signatures, and not by what a row says of itself. */
import { readEnrolment } from "../audit/directory.ts";
import { FormatError } from "../audit/encoding.ts";
import { decodeEntry } from "../audit/entry.ts";
import { readPasskeyEnvelope, verifyPasskeyStatement } from "../audit/passkey-statement.ts";
import { type DecisionStatement, verifyStatementSignature } from "../audit/statement.ts";
import type { ApiKeyRow } from "../store/credentials.ts";
import type { Tx } from "../store/database.ts";
import {
  type PasskeyRow,
  directoryEntries,
  getDecisionPasskeys,
} from "../store/decision-passkeys.ts";
import type { DecisionRow, LoadedMessage } from "../store/messages.ts";
import type { EngineContext } from "./context.ts";
import { stands } from "./machine-row.ts";

/** The message with those of its decisions that count, and the standing approvals that do not. */
export type Checked = { message: LoadedMessage; forged: DecisionRow[] };

/**
 * Checks every standing approval of the message: its envelope is signed with the operator's identity key, or for class A by the
 * passkey that the log has in the approver directory; the statement is the stored one, approves this message's digest, and was
 * made by the row's principal. A row that somebody wrote past the engine, or a copy of a genuine one, counts for nothing.
 */
export async function checkApprovals(
  context: EngineContext,
  tx: Tx,
  message: LoadedMessage,
  keys: ReadonlyMap<string, ApiKeyRow>,
): Promise<Checked> {
  const standing = message.decisions.filter(stands);
  if (standing.length === 0) return { message, forged: [] };
  const { identity, log } = await context.keyring.of(tx.operator_id);
  const passkeys = await loadEnrolled(
    tx,
    standing.flatMap(({ passkey_id }) => passkey_id ?? []),
  );
  // A statement counts once, and not at all where a row of it was voided.
  const used = new Set(
    message.decisions
      .filter((one) => !stands(one))
      .map(({ statement }) => statement.toString("hex")),
  );
  const forged: DecisionRow[] = [];
  for (const decision of standing) {
    const fault = await faultOf(message, decision, {
      key: identity.public_key,
      log: log.origin,
      keys,
      passkeys,
    });
    const text = decision.statement.toString("hex");
    if (fault === null && !used.has(text)) {
      used.add(text);
      continue;
    }
    forged.push(decision);
    context.log.error(
      {
        message_id: message.row.message_id,
        decision_id: decision.decision_id,
        fault: fault ?? "its statement is another's",
      },
      "an approval does not verify: it counts for nothing",
    );
  }
  if (forged.length === 0) return { message, forged };
  return {
    message: { ...message, decisions: message.decisions.filter((one) => !forged.includes(one)) },
    forged,
  };
}

type Against = {
  key: Parameters<typeof verifyStatementSignature>[1];
  /** Origin of the operator's log. */
  log: string;
  keys: ReadonlyMap<string, ApiKeyRow>;
  passkeys: ReadonlyMap<string, Enrolled>;
};

/** A passkey with what the log says of its enrolment. */
type Enrolled = { row: PasskeyRow; entry: Buffer };

async function loadEnrolled(tx: Tx, ids: readonly string[]): Promise<Map<string, Enrolled>> {
  const found = new Map<string, Enrolled>();
  if (ids.length === 0) return found;
  const [rows, entries] = await Promise.all([
    getDecisionPasskeys(tx, ids),
    directoryEntries(tx, ids),
  ]);
  for (const row of rows) {
    const entry = entries.find(({ entry_id }) => entry_id === row.entry_id);
    if (entry) found.set(row.passkey_id, { row, entry: entry.body });
  }
  return found;
}

/** Checks a class A envelope by the passkey of its row, as the log has it. */
function verifyByPasskey(
  decision: DecisionRow,
  { passkeys }: Against,
): { statement: DecisionStatement; bytes: Buffer } {
  const envelope = decision.envelope as never;
  const { credential_id } = readPasskeyEnvelope(envelope);
  const { row, entry } = passkeys.get(decision.passkey_id ?? "") ?? {};
  const enrolment = entry && readEnrolment(decodeEntry(entry));
  if (!row || enrolment?.credential_id !== credential_id)
    throw new FormatError("the passkey that signed it is not the one of its row");
  if (enrolment.member !== decision.principal || row.person_id !== decision.person_id)
    throw new FormatError("its passkey belongs to somebody else");
  if (
    row.created_at > decision.created_at ||
    (row.revoked_at !== null && row.revoked_at < decision.created_at)
  )
    throw new FormatError("its passkey was not in the directory when it was made");
  return verifyPasskeyStatement(envelope, enrolment);
}

/** Why the row is no approval of this message; null where it is one. */
async function faultOf(
  { row }: LoadedMessage,
  decision: DecisionRow,
  against: Against,
): Promise<string | null> {
  let signed: { statement: DecisionStatement; bytes: Buffer };
  try {
    signed =
      decision.class === "A"
        ? verifyByPasskey(decision, against)
        : await verifyStatementSignature(decision.envelope as never, against.key);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (!signed.bytes.equals(decision.statement)) return "the envelope holds another statement";
  const [subject] = signed.statement.subject;
  const { predicate } = signed.statement;
  if (subject.name !== row.message_id || subject.digest.sha256 !== decision.digest)
    return "the statement is about other content";
  if (predicate.decision !== "approve" || predicate.class !== decision.class)
    return "the statement says something else";
  if (predicate.log !== against.log || predicate.mailbox !== row.mailbox_id)
    return "the statement belongs elsewhere";
  return isApprover(predicate.approver, decision, against.keys)
    ? null
    : "the statement is of another approver";
}

/** True when the principal of the row is who the statement names. */
function isApprover(
  approver: { kind: string; id: string },
  { principal, person_id, credential_id }: DecisionRow,
  keys: ReadonlyMap<string, ApiKeyRow>,
): boolean {
  if (approver.kind === "person")
    return principal === `person:${approver.id}` && person_id === approver.id;
  const person = keys.get(approver.id)?.person_id ?? null;
  return (
    approver.kind === "api_key" &&
    credential_id === approver.id &&
    person_id === person &&
    principal === (person === null ? `key:${approver.id}` : `person:${person}`)
  );
}

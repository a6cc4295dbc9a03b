/** Approvals as hand-off counts them: by their signatures, and not by what a row says of itself. */
import { type DecisionStatement, verifyStatementSignature } from "../audit/statement.ts";
import type { ApiKeyRow } from "../store/credentials.ts";
import type { DecisionRow, LoadedMessage } from "../store/messages.ts";
import type { EngineContext } from "./context.ts";

/** The message with those of its decisions that count, and the standing approvals that do not. */
export type Checked = { message: LoadedMessage; forged: DecisionRow[] };

/**
 * Checks every standing approval of the message: its envelope is signed with the operator's identity key, the statement
 * is the stored one, approves this message's digest, and was made by the row's principal. A row that somebody wrote past
 * the engine, or a copy of a genuine one, counts for nothing.
 */
export async function checkApprovals(
  context: EngineContext,
  operatorId: string,
  message: LoadedMessage,
  keys: ReadonlyMap<string, ApiKeyRow>,
): Promise<Checked> {
  const standing = message.decisions.filter(stands);
  if (standing.length === 0) return { message, forged: [] };
  const { identity, log } = await context.keyring.of(operatorId);
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

function stands(decision: DecisionRow): boolean {
  return decision.decision === "approve" && decision.voided_at === null;
}

type Against = {
  key: Parameters<typeof verifyStatementSignature>[1];
  /** Origin of the operator's log. */
  log: string;
  keys: ReadonlyMap<string, ApiKeyRow>;
};

/** Why the row is no approval of this message; null where it is one. */
async function faultOf(
  { row }: LoadedMessage,
  decision: DecisionRow,
  against: Against,
): Promise<string | null> {
  let signed: { statement: DecisionStatement; bytes: Buffer };
  try {
    signed = await verifyStatementSignature(decision.envelope as never, against.key);
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

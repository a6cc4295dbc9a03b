/** What a decision leaves: the signed statement, its row, its entry with openings, its event. */
import { isDeepStrictEqual } from "node:util";
import { parseCheckpoint } from "../audit/checkpoint.ts";
import {
  type Decision,
  type StatementEnvelope,
  buildStatement,
  parseStatement,
  signStatement,
  statementHash,
} from "../audit/statement.ts";
import { emptyRoot } from "../audit/tree.ts";
import type { AssertionResponse } from "../contract/webauthn.ts";
import { type Actor, principal } from "../core/actor.ts";
import type { DecisionClass } from "../core/oversight/types.ts";
import { latestCheckpoint } from "../store/audit-log.ts";
import { getPeople } from "../store/people.ts";
import type { Tx } from "../store/database.ts";
import { type DecisionRow, type LoadedMessage, loadMarkdowns } from "../store/messages.ts";
import type { Records } from "../store/records.ts";
import { contentOpenings } from "./composition.ts";
import type { EngineContext } from "./context.ts";
import type { ProvenByPasskey } from "./decide-by-passkey.ts";
import { about } from "./machine-row.ts";
import { entryActor, makeEntry, makeEvent, sealOpenings } from "./record.ts";

/** How strongly a decision is proved (product contract, section 5): class A brings the device's answer, class C names its way. */
export type DecisionProof =
  | { class: "A"; assertion: AssertionResponse }
  | { class: "B" }
  /** `code_ids`: the rows of the code that was found right, used up with the decision. */
  | { class: "C"; via: "link" | "reply" | "chat"; code_ids?: readonly string[] };

/** A decision that the machine took. `row` is the message as it was decided on. */
export type Made = {
  actor: Actor;
  request: {
    decision: "approve" | "reject" | "revise";
    reason?: string | undefined;
    proof?: DecisionProof | undefined;
  };
  row: LoadedMessage["row"];
  recipients: LoadedMessage["recipients"];
  /** Of class A: what the device signed. */
  proven?: ProvenByPasskey | undefined;
};

/** What a statement is made of. `row` is the message as it is decided on. */
export type Stating = {
  actor: Actor;
  class: DecisionClass;
  decision: Decision;
  row: LoadedMessage["row"];
  recipients: LoadedMessage["recipients"];
};

/** What statements quote beside the messages: read once for all decisions of a transaction. */
export type Quoted = {
  people: ReadonlyMap<string, string>;
  markdown: ReadonlyMap<string, string>;
  head: { size: number; root: Buffer };
};

function classOf({ proof }: Made["request"]): DecisionClass {
  return proof?.class ?? "B";
}

/** Reads what the statements of these decisions quote. */
export async function loadQuoted(
  tx: Tx,
  made: readonly Pick<Stating, "actor" | "row">[],
): Promise<Quoted> {
  const personIds = made.flatMap(({ actor }) =>
    actor.person_id === null ? [] : [actor.person_id],
  );
  const [people, markdown, checkpoint] = await Promise.all([
    getPeople(tx, [...new Set(personIds)]),
    loadMarkdowns(
      tx,
      made.map(({ row }) => row.message_id),
    ),
    latestCheckpoint(tx),
  ]);
  return {
    people: new Map(people.map((person) => [person.person_id, person.name])),
    markdown,
    head: checkpoint ? parseCheckpoint(checkpoint.note) : { size: 0, root: emptyRoot() },
  };
}

const eventNames = {
  approve: "oversight.approved",
  reject: "oversight.rejected",
  revise: "oversight.revised",
} as const;

/** A row of `decision` about to be written. */
export type NewDecision = Omit<DecisionRow, "operator_id" | "voided_at" | "envelope"> & {
  envelope: StatementEnvelope;
};

/** The statement's bytes, with the openings of its commitments, which are drawn from `random`. */
export async function makeStatement(
  context: EngineContext,
  operatorId: string,
  stating: Stating,
  quoted: Quoted,
  random: (length: number) => Buffer,
): Promise<{ statement: Buffer; content: ReturnType<typeof contentOpenings> }> {
  const { actor, row } = stating;
  const { log } = await context.keyring.of(operatorId);
  const content = commitmentsOf(stating, quoted, random);
  const statement = buildStatement({
    host: new URL(context.public_url).host,
    email_id: row.message_id,
    content_digest: row.digest,
    decision: stating.decision,
    class: stating.class,
    mailbox: row.mailbox_id,
    log: log.origin,
    log_size: quoted.head.size,
    log_root: quoted.head.root,
    content: content.commitments,
    policy: row.policy_id,
    requester: { kind: row.author_kind, id: row.author_id },
    approver: entryActor(actor),
    nonce: context.random(16),
    iat: Math.floor(context.now().getTime() / 1000),
  });
  return { statement, content };
}

function commitmentsOf(
  { row, recipients }: Pick<Stating, "row" | "recipients">,
  quoted: Quoted,
  random: (length: number) => Buffer,
): ReturnType<typeof contentOpenings> {
  const markdown = quoted.markdown.get(row.message_id) ?? "";
  return contentOpenings(random, { ...row, recipients, markdown });
}

/** The statement with its signature: the device's own, or the service's. */
async function signedStatement(
  context: EngineContext,
  operatorId: string,
  made: Made,
  quoted: Quoted,
): Promise<Awaited<ReturnType<typeof makeStatement>> & { envelope: StatementEnvelope }> {
  const { actor, request, row, recipients, proven } = made;
  if (proven) {
    const { statement, envelope } = proven;
    const content = commitmentsOf(made, quoted, proven.random);
    // The device signed what was shown: were it anything else than what is decided now, it would approve nothing.
    if (!isDeepStrictEqual(parseStatement(statement).predicate.content, content.commitments))
      throw new Error("a statement commits to other content than its message has");
    return { statement, envelope, content };
  }
  const stating = { actor, class: classOf(request), decision: request.decision, row, recipients };
  const stated = await makeStatement(context, operatorId, stating, quoted, context.random);
  const { identity } = await context.keyring.of(operatorId);
  const envelope = await signStatement(stated.statement, identity.kid, identity.private_key);
  return { ...stated, envelope };
}

/** States and signs one decision in the transaction that takes it; its entry, openings and event are added to `records`. */
export async function stateDecision(
  context: EngineContext,
  tx: Tx,
  made: Made,
  quoted: Quoted,
  records: Records,
): Promise<NewDecision> {
  const { actor, request, row, proven } = made;
  const { statement, content, envelope } = await signedStatement(
    context,
    tx.operator_id,
    made,
    quoted,
  );
  const hash = statementHash(statement);
  const entry = await recordDecision(context, tx, made, { hash, content }, records);
  return {
    decision_id: context.new_id(),
    message_id: row.message_id,
    decision: request.decision,
    digest: row.digest,
    principal: principal(actor),
    credential_id: actor.credential_id,
    person_id: actor.person_id,
    decided_by: quoted.people.get(actor.person_id ?? "") ?? `${actor.kind} ${actor.credential_id}`,
    class: classOf(request),
    passkey_id: proven?.passkey_id ?? null,
    reason: request.reason ?? null,
    statement,
    envelope,
    entry_id: entry.row.entry_id,
    leaf_hash: entry.leaf,
    created_at: entry.row.at,
  };
}

async function recordDecision(
  context: EngineContext,
  tx: Tx,
  { actor, request, row, recipients }: Made,
  stated: { hash: string; content: ReturnType<typeof contentOpenings> },
  records: Records,
): Promise<ReturnType<typeof makeEntry>> {
  const approver = entryActor(actor);
  const { decision } = request;
  const entry = makeEntry(
    context,
    "message.decided",
    actor,
    about(row),
    {
      digest: row.digest,
      decision,
      class: classOf(request),
      ...(request.proof?.class === "C" ? { via: request.proof.via } : {}),
      // Whoever holds two keys is one principal: an outsider can tell by this, and not by the key.
      principal: principal(actor),
      statement: stated.hash,
      content: stated.content.commitments,
    },
    [{ decision, class: classOf(request), approver, statement: stated.hash }],
  );
  records.entries.push(entry.row);
  const subjects = await Promise.all(
    recipients.map((recipient) => context.subjects.within(tx, recipient.address)),
  );
  for (const { subject, openings } of stated.content.bySubject(subjects))
    records.openings.push(sealOpenings(entry.row.entry_id, subject, openings, context.random));
  records.events.push(
    makeEvent(
      context,
      eventNames[decision],
      { mailbox_id: row.mailbox_id, message_id: row.message_id, thread_id: row.thread_id },
      { by: approver, class: classOf(request), reason: request.reason ?? null },
    ),
  );
  return entry;
}

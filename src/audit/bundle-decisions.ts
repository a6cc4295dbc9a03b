/** Checks of decisions: signed statements, who may approve, how many had to, and that a rejection is final. */
import { isStrong } from "../core/oversight/machine.ts";
import type { DecisionClass } from "../core/oversight/types.ts";
import { readPasskeySigned } from "./bundle-directory.ts";
import { identityKey } from "./bundle-log.ts";
import type { Bundle, PublicKeys } from "./bundle-format.ts";
import type { ReadBundle, ReadEntry } from "./bundle-parse.ts";
import { CheckFailure, refuse } from "./bundle-report.ts";
import type { Outcome } from "./bundle-report.ts";
import { contentAt, isOfLastContent, stepsOf, demandsOf } from "./bundle-story.ts";
import type { Decided, HandedOff, Story } from "./bundle-story.ts";
import { encodeCanonical, FormatError } from "./encoding.ts";
import { statementHash, verifyStatementSignature } from "./statement.ts";
import type { DecisionStatement } from "./statement.ts";
import { emptyRoot, ProofError } from "./tree.ts";

/** A statement whose signature holds, with the entry that records it. */
export type Stated = { decided: Decided; statement: DecisionStatement; hash: string };

/** Decisions and entries belong to each other one to one, and each statement is signed and says what its entry says. */
export async function readStatements(
  bundle: ReadBundle,
  story: Story,
  trusted: PublicKeys,
  origin: string | null,
): Promise<{ stated: Stated[]; faults: string[] }> {
  const entries = new Map(stepsOf(story, "decided").map((decided) => [decided.entry.id, decided]));
  const stated: Stated[] = [];
  const faults: string[] = [];
  for (const decision of bundle.decisions) {
    const decided = entries.get(decision.entry_id);
    entries.delete(decision.entry_id);
    try {
      if (decided === undefined)
        throw new CheckFailure("no entry of the log records it, or two decisions share one");
      const one = await readSigned(decision, decided, trusted, bundle);
      if (stated.some(({ hash }) => hash === one.hash))
        throw new CheckFailure("its statement is that of another decision [statement_used_twice]");
      refuse([...faultsOfStatement(one, decision, bundle, story, origin)]);
      stated.push(one);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      faults.push(`the ${decision.decision} of entry ${decision.entry_id}: ${error.message}`);
    }
  }
  for (const { decision, entry } of entries.values())
    faults.push(`the statement of the ${decision} of entry ${entry.id} is missing`);
  return { stated, faults };
}

function isRefusal(error: unknown): error is Error {
  return (
    error instanceof CheckFailure || error instanceof FormatError || error instanceof ProofError
  );
}

async function readSigned(
  decision: Bundle["decisions"][number],
  decided: Decided,
  trusted: PublicKeys,
  bundle: ReadBundle,
): Promise<Stated> {
  if (decision.class === "A") return readPasskeySigned(decision, decided, bundle);
  const [signature] = decision.statement.signatures;
  const key = await identityKey(signature?.keyid ?? "", trusted, bundle.keys);
  const { statement, bytes } = await verifyStatementSignature(decision.statement, key.publicKey);
  const { iat } = statement.predicate;
  if (iat < key.nbf || iat > key.exp)
    throw new CheckFailure("it was not made while its key was in use");
  return { decided, statement, hash: statementHash(bytes) };
}

/** Everything in which a signed statement departs from its entry, from the message, or from the bundle. */
function* faultsOfStatement(
  { decided, statement, hash }: Stated,
  decision: Bundle["decisions"][number],
  { email, digest }: ReadBundle,
  story: Story,
  origin: string | null,
): Generator<string> {
  const {
    subject: [subject],
    predicate,
  } = statement;
  const { entry } = decided;
  const { submitted } = story;
  // Before an edit, a decision is about what stood then.
  const about = isOfLastContent(story, entry) ? digest : contentAt(story, entry).digest;
  if (hash !== decided.statement) yield "its entry names another statement";
  if (subject.name !== email.id) yield "it is about another message";
  if (subject.digest.sha256 !== about || decided.digest !== about)
    yield "it is about other content";
  if (predicate.decision !== decided.decision || predicate.decision !== decision.decision)
    yield `it says ${predicate.decision}`;
  if (predicate.class !== decided.class || predicate.class !== decision.class)
    yield `it says class ${predicate.class}`;
  if (predicate.mailbox !== email.mailbox_id) yield "it is about another mailbox";
  if (!sameParty(predicate.approver, decided.approver)) yield "its entry names another approver";
  if (!sameParty(predicate.requester, submitted.author)) yield "it names another requester";
  if (
    !encodeCanonical(predicate.content, "content").equals(
      encodeCanonical(decided.content, "content"),
    )
  )
    yield "it commits to other content than its entry";
  if (origin !== null && predicate.log !== origin) yield "it names another log";
  if (entry.index !== null && predicate.log_size > entry.index)
    yield "it has seen a log that is longer than where its entry stands";
  if (predicate.log_size === 0 && predicate.log_root !== emptyRoot().toString("base64"))
    yield "it names a wrong root for the empty log";
  if (decision.at !== entry.entry.at) yield "its entry names another time";
  const seconds = Date.parse(entry.entry.at) / 1000;
  // Whole seconds in the statement, milliseconds in the entry.
  if (!(seconds >= predicate.iat - 1 && seconds <= predicate.exp))
    yield "it was not valid when the decision was made";
}

function sameParty(a: { kind: string; id: string }, b: { kind: string; id: string }): boolean {
  return a.kind === b.kind && a.id === b.id;
}

/** Words for {@link readStatements}. */
export function checkStatements({
  stated,
  faults,
}: {
  stated: Stated[];
  faults: string[];
}): Outcome {
  refuse(faults);
  if (stated.length === 0) return { absent: "nobody has decided on this message" };
  return stated
    .map(
      ({ statement: { predicate } }) =>
        `${predicate.decision} (class ${predicate.class}) by ${predicate.approver.kind} ${predicate.approver.id}`,
    )
    .join(", ");
}

/** Nobody decides on their own message, and nobody approves twice what counts already. */
export function checkApprovers(story: Story): Outcome {
  const decided = stepsOf(story, "decided");
  const faults = decided
    .filter((one) => isAuthor(story, one))
    .map(({ decision }) => `the author decided (${decision}) on their own message`);
  const votes = new Map<string, DecisionClass[]>();
  for (const one of decided.filter(({ decision }) => decision === "approve")) {
    const { principal, entry } = one;
    // Whoever approved what was pulled back may approve it again, and who approved weakly before passkeys were asked for.
    const vote = `${principal} ${contentAt(story, entry).entry.id} ${pulledBack(story, entry)}`;
    const earlier = votes.get(vote) ?? [];
    const asked = { passkey: asksForPasskey(story, entry) };
    if (earlier.some((strength) => isStrong(asked, { class: strength })))
      faults.push(`${principal.replace(":", " ")} approved twice`);
    votes.set(vote, [...earlier, one.class]);
  }
  refuse(faults);
  if (decided.length === 0) return { absent: "nobody has decided on this message" };
  return "those who decided are distinct, and the author is not among them";
}

/** True for whoever wrote or edited by then: the principal, and the credential in whoever's name. */
function isAuthor({ written }: Story, { principal, approver, entry }: Decided): boolean {
  return written.some(
    (one) =>
      one.entry.place < entry.place &&
      (principal === one.principal || approver.id === one.author.id),
  );
}

/** Each hand-off names approvals that the log has before it, and enough of them where the gate applied. */
export function checkApprovals(story: Story): Outcome {
  const faults: string[] = [];
  const handed = stepsOf(story, "handed_off");
  for (const step of handed) faults.push(...faultsOfHandOff(step, story));
  refuse(faults);
  if (handed.length === 0) return "the message was never handed off";
  const [first] = handed;
  return isGated(story, handed.at(-1) ?? first)
    ? `${new Set(handed.at(-1)?.approvals).size} approval(s) stand before the hand-off, ${demandsAt(story, handed.at(-1)).required} were required`
    : "handed off without a gate";
}

function* faultsOfHandOff(step: HandedOff, story: Story): Generator<string> {
  // An edit voids what was approved until then.
  const earlier = before(story, step.entry).filter(({ entry }) => isOfLastContent(story, entry));
  const revised = earlier.findLastIndex(({ decision }) => decision === "revise");
  const undone = pulledBack(story, step.entry);
  // A revision sends the message back to its author, and undo puts it back: what was approved until then no longer counts.
  const standing = new Map(
    earlier
      .slice(revised + 1)
      .filter(
        ({ decision, entry }) => decision === "approve" && pulledBack(story, entry) === undone,
      )
      .map((one) => [one.entry.leaf, one]),
  );
  if (new Set(step.approvals).size < step.approvals.length)
    yield `hand-off ${step.attempt} names an approval twice`;
  const approvers = new Set<string>();
  const { required, passkey } = demandsAt(story, step);
  for (const leaf of step.approvals) {
    const approval = standing.get(leaf);
    if (approval === undefined)
      yield `hand-off ${step.attempt} names an approval that the log does not have before it`;
    // A person's approvals of two classes are one: the principal counts.
    else if (!isAuthor(story, approval) && isStrong({ passkey }, approval))
      approvers.add(approval.principal);
  }
  const { mode } = story.submitted;
  if (isGated(story, step) && approvers.size < required)
    yield `hand-off ${step.attempt} had ${approvers.size} of ${required} approvals${passkey ? " by passkey" : ""}`;
  if (step.mode !== mode)
    yield `hand-off ${step.attempt} names mode ${step.mode}, the submission ${mode}`;
}

/** What the gate asked for at a hand-off: as submitted or written last, and what entries since then raised. */
function demandsAt(
  story: Story,
  step: HandedOff | undefined,
): { required: number; passkey: boolean } {
  const place = step?.entry.place ?? Infinity;
  const raised = story.steps
    .filter(({ entry }) => entry.place <= place)
    .map(({ entry }) => demandsOf(entry));
  return {
    required: Math.max(story.submitted.required, ...raised.map(({ required }) => required)),
    passkey: story.submitted.passkey || raised.some(({ passkey }) => passkey),
  };
}

/** Whether an entry before this one asks for approvals by passkey; no later entry ever takes that back. */
function asksForPasskey({ written, steps }: Story, { place }: ReadEntry): boolean {
  return [...written, ...steps].some(
    ({ entry }) => entry.place < place && demandsOf(entry).passkey,
  );
}

/** How often the message was pulled back before an entry. */
function pulledBack(story: Story, { place }: ReadEntry): number {
  return stepsOf(story, "other").filter(
    ({ entry }) => entry.entry.type === "message.pulled_back" && entry.place < place,
  ).length;
}

/** Decisions that stand before an entry, in the order of the log. */
function before(story: Story, entry: ReadEntry): Decided[] {
  return stepsOf(story, "decided").filter((one) => one.entry.place < entry.place);
}

/** Gated at submission, or held before this hand-off because the mailbox was tightened. */
function isGated(story: Story, step: HandedOff | undefined): boolean {
  const place = step?.entry.place ?? Infinity;
  return (
    story.submitted.gated ||
    stepsOf(story, "other").some(
      ({ entry }) =>
        entry.entry.type === "message.held" && isOfLastContent(story, entry) && entry.place < place,
    )
  );
}

/** After a rejection nothing is decided and nothing leaves. */
export function checkRejection(story: Story): Outcome {
  const at = story.steps.findIndex((step) => step.kind === "decided" && step.decision === "reject");
  if (at < 0) return { absent: "nobody rejected the message" };
  refuse(
    story.steps
      .slice(at + 1)
      .filter((step) => step.kind === "decided" || step.kind === "handed_off")
      .map((step) => `${step.entry.entry.type} stands after the rejection`),
  );
  return "nothing was approved or handed off after the rejection";
}

/** Standing policies: made, named, moved, shortened and revoked. Tightening takes effect at once; loosening takes a person and an end. */
import { type Actor, mayUseMailbox, principal } from "../core/actor.ts";
import { type Conditions, conditionNames, directionOf } from "../core/policy-match.ts";
import { policySentence } from "../core/policy-words.ts";
import {
  type Policy,
  type PolicyOutcome,
  inOrder,
  isLiving,
  loosens,
  maxLooseDays,
  tightens,
} from "../core/policy.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { getLivingMailbox } from "../store/mailboxes.ts";
import {
  type PolicyRow,
  everyMailbox,
  getPolicy,
  insertPolicy,
  listPolicies,
  livingPolicies,
  lockPolicies,
  updatePolicy,
} from "../store/policies.ts";
import { type OpeningRow, appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { commitTo, makeEntry, sealOpenings } from "./record.ts";
import { passSensitive } from "./sensitive.ts";

/** Rules of an operator that stand at a time: each submission and each hand-off asks them all. */
export const maxPolicies = 200;

/** Ended rules that a list goes back to. */
const maxEnded = 1000;

/** Room that a rule leaves before and behind it. */
const stride = 10;

/** A person who is asked to let a rule through reads at most so many characters of what it says. */
const maxSentence = 400;

const day = 24 * 3600 * 1000;

/** A rule as it is asked for. */
export type NewPolicy = {
  /** Null for all mailboxes. */
  mailbox_id: string | null;
  name: string;
  match: Conditions;
  outcome: PolicyOutcome;
  required: number | null;
  /** Behind all others where it is not given. */
  position?: number | undefined;
  /** ISO 8601. */
  expires_at?: string | undefined;
};

/** Rules in their order, those that ended behind them; a caller bound to mailboxes sees theirs and those for all. */
export async function findPolicies(
  context: EngineContext,
  actor: Actor,
  filter: { mailbox_id?: string | undefined; ended: boolean },
  page: PageRequest,
): Promise<Page<PolicyRow>> {
  const after = readCursor(page.cursor);
  const own = filter.mailbox_id === undefined ? actor.mailbox_ids : [filter.mailbox_id];
  const rows = await context.database.as(actor.operator_id, async (tx) => {
    if (filter.mailbox_id !== undefined) await existing(tx, actor, filter.mailbox_id);
    return listPolicies(tx, {
      mailbox_ids: own && [everyMailbox, ...own],
      ended: filter.ended,
      limit: maxPolicies + maxEnded,
    });
  });
  const from = after === undefined ? 0 : rows.findIndex((row) => row.policy_id === after) + 1;
  return paged(rows.slice(from, from + page.limit + 1), page.limit, (row) => row.policy_id);
}

/**
 * Makes a rule. One that loosens (core/policy) needs a person and an end within 90 days. Throws `validation_failed`, `not_found`,
 * `scope_required`, `quota_exceeded`, `test_key`, and what {@link passSensitive} throws.
 */
export async function createPolicy(
  context: EngineContext,
  actor: Actor,
  wanted: NewPolicy,
): Promise<PolicyRow> {
  const made = await context.database.transaction(actor.operator_id, async (tx) => {
    await lockPolicies(tx);
    const mailbox = await placeOf(tx, actor, wanted.mailbox_id);
    assertLive(actor);
    const before = await livingPolicies(tx);
    if (before.length >= maxPolicies)
      throw new Refusal("quota_exceeded", `At most ${maxPolicies} rules stand at a time.`, {
        hint: "Revoke one that is not needed any more.",
      });
    const policy = draftPolicy(context, wanted, before);
    const after = inOrder([...before, policy]);
    const isLoose = loosens(before, after);
    assertEnd(context, policy, isLoose);
    const passed = isLoose ? await pass(context, tx, actor, policy, mailbox) : null;
    const { created_by, granted } = madeBy(actor, passed);
    const now = context.now();
    await insertPolicy(tx, { ...policy, created_by, created_at: now, updated_at: now });
    await record(context, tx, "policy.created", actor, policy, granted);
    return reread(tx, policy.policy_id);
  });
  context.wake.sequence();
  return made;
}

/** A rule that is not stored yet; at the end of the others where it says no place. */
export function draftPolicy(
  context: Pick<EngineContext, "new_id">,
  wanted: NewPolicy,
  before: readonly Policy[],
): Omit<Policy, "outcome"> & { outcome: PolicyOutcome } {
  const { outcome, required } = wanted;
  if ((outcome === "quorum") !== (required !== null))
    throw new Refusal(
      "validation_failed",
      outcome === "quorum"
        ? "required: say how many approvals the quorum is."
        : "required: only the outcome quorum has it.",
      { field: "required" },
    );
  if (outcome === "allow" && Object.keys(wanted.match).every((name) => name === "direction"))
    throw new Refusal("validation_failed", "match: a rule that allows must have a condition.", {
      field: "match",
      hint: "To let everything through, raise the mailbox's mode instead.",
    });
  if (directionOf(wanted.match) === "inbound" && (outcome !== "hold" || "tags" in wanted.match))
    throw new Refusal(
      "validation_failed",
      outcome === "hold"
        ? "match.tags: received mail has no tags."
        : "outcome: received mail is held by a rule, or left alone.",
      { field: outcome === "hold" ? "match.tags" : "outcome" },
    );
  const last = before.at(-1)?.position ?? 0;
  return {
    policy_id: context.new_id(),
    mailbox_id: wanted.mailbox_id ?? everyMailbox,
    position: wanted.position ?? last + stride,
    name: wanted.name,
    match: wanted.match,
    outcome,
    required,
    expires_at: wanted.expires_at === undefined ? null : new Date(wanted.expires_at),
  };
}

function assertEnd(
  context: Pick<EngineContext, "now">,
  { expires_at: end, outcome }: Policy,
  isLoose: boolean,
): void {
  const now = context.now().getTime();
  if (end !== null && !(end.getTime() > now))
    throw new Refusal("validation_failed", "expires_at: lies in the past.", {
      field: "expires_at",
    });
  if (!isLoose || (end !== null && end.getTime() <= now + maxLooseDays * day)) return;
  throw new Refusal(
    "validation_failed",
    `expires_at: a rule that loosens ends within ${maxLooseDays} days.`,
    {
      field: "expires_at",
      ...(outcome === "allow"
        ? {}
        : {
            hint: "It stands before a rule that asks for more: put it behind, or give it an end.",
          }),
    },
  );
}

type Passed = Awaited<ReturnType<typeof passSensitive>>;

/** Asks for the person that loosening takes; they read what the rule says, whole. */
function pass(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  policy: Policy,
  mailbox: string | null,
): Promise<Passed> {
  const end = policy.expires_at === null ? "" : `, until ${policy.expires_at.toISOString()}`;
  const place = tightens(policy) ? `, before rules that ask for more` : "";
  const sentence = `${policySentence(policy, mailbox)}${place}${end}`;
  if (actor.kind !== "person" && sentence.length > maxSentence)
    throw new Refusal("validation_failed", "match: too long for a person to agree to by mail.", {
      field: "match",
      hint: "Name fewer recipients, or ask a member to make the rule in the dashboard.",
    });
  return passSensitive(context, tx, actor, {
    summary: `New rule: ${sentence}.`,
    message: "Only an owner or admin can make a rule that loosens.",
    field: "outcome",
    hint: "A member makes it on the page of rules after signing in.",
  });
}

/** Whose rule it is: what loosens is a person's, or stands on a change that one let through. */
function madeBy(
  actor: Actor,
  passed: Passed | null,
): { created_by: string; granted: Record<string, unknown> } {
  const change: { change?: unknown } = passed?.change ?? {};
  return {
    created_by: typeof change.change === "string" ? `change:${change.change}` : principal(actor),
    granted: passed === null ? {} : { confirmed_by: passed.by, ...passed.change },
  };
}

/** What may be changed of a rule; its words are fixed. */
export type PolicyChange = {
  name?: string | undefined;
  position?: number | undefined;
  /** ISO 8601; sooner than before. */
  expires_at?: string | undefined;
};

/**
 * Names, moves or shortens a rule. Where that loosens, it needs a person. Throws `not_found`, `not_editable` for one that ended,
 * `validation_failed`, `scope_required`, `test_key`, and what {@link passSensitive} throws.
 */
export function changePolicy(
  context: EngineContext,
  actor: Actor,
  policyId: string,
  change: PolicyChange,
): Promise<PolicyRow> {
  return revise(context, actor, policyId, "policy.changed", (policy) => {
    const end = change.expires_at === undefined ? policy.expires_at : new Date(change.expires_at);
    assertEnd(context, { ...policy, expires_at: end }, false);
    if (end !== null && policy.expires_at !== null && end > policy.expires_at)
      throw new Refusal("validation_failed", "expires_at: a rule ends no later than it said.", {
        field: "expires_at",
        hint: "Make a new rule.",
      });
    return {
      after: {
        ...policy,
        name: change.name ?? policy.name,
        position: change.position ?? policy.position,
        expires_at: end,
      },
      write: {},
    };
  });
}

/** Ends a rule, at once, also for mail that is queued. Revoking one that tightens needs a person. Throws as {@link changePolicy}. */
export function revokePolicy(
  context: EngineContext,
  actor: Actor,
  policyId: string,
): Promise<PolicyRow> {
  return revise(context, actor, policyId, "policy.revoked", () => ({
    after: null,
    write: { revoked_at: context.now(), revoked_by: principal(actor) },
  }));
}

async function revise(
  context: EngineContext,
  actor: Actor,
  policyId: string,
  type: string,
  change: (policy: PolicyRow) => { after: PolicyRow | null; write: Partial<PolicyRow> },
): Promise<PolicyRow> {
  const changed = await context.database.transaction(actor.operator_id, async (tx) => {
    await lockPolicies(tx);
    const policy = await getPolicy(tx, policyId, true);
    if (!policy || !isVisible(actor, policy))
      throw new Refusal("not_found", "There is no such rule.", { field: "policy_id" });
    const mailbox = await placeOf(tx, actor, policy.mailbox_id || null);
    assertLive(actor);
    if (policy.revoked_at !== null || !isLiving(policy, context.now()))
      throw new Refusal("not_editable", "The rule was revoked or has expired.", {
        hint: "Make a new rule.",
      });
    const before = await livingPolicies(tx);
    const { after, write } = change(policy);
    const others = before.filter((one) => one.policy_id !== policyId);
    const isLoose = loosens(before, inOrder(after ? [...others, after] : others));
    const what = after ? "Change the rule" : "Revoke the rule";
    const passed = isLoose
      ? await passSensitive(context, tx, actor, {
          summary: `${what} "${policy.name}" (${policyId}): ${policySentence(policy, mailbox)}.${after ? changeWords(policy, after) : ""}`,
          message: "Only an owner or admin can take from what a rule asks for.",
        })
      : null;
    const { name, position, expires_at } = after ?? policy;
    const now = context.now();
    await updatePolicy(tx, policyId, { name, position, expires_at, ...write, updated_at: now });
    const { granted } = madeBy(actor, passed);
    await record(context, tx, type, actor, after ?? policy, granted);
    return reread(tx, policyId);
  });
  context.wake.sequence();
  return changed;
}

function changeWords(before: Policy, after: Policy): string {
  const end = after.expires_at?.toISOString() ?? "never";
  return [
    before.position === after.position ? "" : ` Its place becomes ${after.position}.`,
    before.expires_at?.getTime() === after.expires_at?.getTime() ? "" : ` It ends ${end}.`,
  ].join("");
}

async function reread(tx: Tx, policyId: string): Promise<PolicyRow> {
  const row = await getPolicy(tx, policyId);
  if (!row) throw new Error("a rule vanished in its own transaction");
  return row;
}

function isVisible(actor: Actor, { mailbox_id: of }: Pick<Policy, "mailbox_id">): boolean {
  return of === everyMailbox || mayUseMailbox(actor, of);
}

function assertLive(actor: Actor): void {
  if (actor.test) throw liveThing("A test key makes no rules: they hold for live mail too.");
}

/** The address of the mailbox that the rule is for; null for all, which a key bound to some may not speak for. */
export async function placeOf(
  tx: Tx,
  actor: Actor,
  mailboxId: string | null,
): Promise<string | null> {
  if (mailboxId !== null) return (await existing(tx, actor, mailboxId)).address;
  if (actor.mailbox_ids !== null)
    throw new Refusal("scope_required", "A key bound to mailboxes makes rules for those only.", {
      hint: "Name one of its mailboxes in mailbox_id.",
    });
  return null;
}

async function existing(tx: Tx, actor: Actor, mailboxId: string): Promise<{ address: string }> {
  const mailbox = await getLivingMailbox(tx, mailboxId);
  if (!mailbox || !mayUseMailbox(actor, mailboxId))
    throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
  return mailbox;
}

/** Recipients that a rule names stand in the log as commitments; tags and its name are the operator's own words, and stay out. */
async function record(
  context: EngineContext,
  tx: Tx,
  type: string,
  actor: Actor,
  policy: Policy,
  more: Record<string, unknown>,
): Promise<void> {
  const patterns = Array.isArray(policy.match["recipients"])
    ? policy.match["recipients"].map(String)
    : [];
  const commitments = patterns.map((pattern, i) =>
    commitTo(context.random, `recipients/${i}`, pattern),
  );
  const about = { resource: policy.policy_id, mailbox_id: policy.mailbox_id || null };
  const entry = makeEntry(context, type, actor, about, {
    outcome: policy.outcome,
    required: policy.required,
    position: policy.position,
    expires_at: policy.expires_at?.toISOString() ?? null,
    conditions: conditionNames.filter((name) => name in policy.match),
    recipients: commitments.map(({ c }) => c),
    ...more,
  });
  const openings: OpeningRow[] = [];
  for (const [subject, own] of Map.groupBy(commitments, ({ data }) => data.toLowerCase()))
    openings.push(
      sealOpenings(
        entry.row.entry_id,
        await context.subjects.within(tx, subject),
        own,
        context.random,
      ),
    );
  await appendRecords(tx, { entries: [entry.row], openings, events: [] });
}

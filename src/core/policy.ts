/** Standing policies as pure rules: which rule meets a message first, what it says, and whether a change of rules loosens any. */
import type { Verdict } from "./oversight/types.ts";
import { type Conditions, type Met, type PolicyFacts, directionOf, meets } from "./policy-match.ts";

/** What a rule says of the messages that it meets (product contract, section 4). */
export const policyOutcomes = ["hold", "allow", "block", "quorum", "passkey"] as const;

/** One of {@link policyOutcomes}. */
export type PolicyOutcome = (typeof policyOutcomes)[number];

/** Longest life of a rule that loosens, in days. */
export const maxLooseDays = 90;

/** A standing rule. `outcome` and `match` are as they are stored: what nobody knows counts against the message. */
export type Policy = {
  policy_id: string;
  /** `""` for all mailboxes. */
  mailbox_id: string;
  position: number;
  name: string;
  match: Conditions;
  outcome: string;
  /** Distinct approvals that a `quorum` asks for. */
  required: number | null;
  expires_at: Date | null;
};

/** What the rules say of one message. */
export type PolicyDecision<P extends Policy = Policy> = {
  /** The rule that decided; null where the mode's default holds. */
  policy: P | null;
  verdict: Verdict;
  /** True where a rule lets the message through as an allowlist would. */
  allowlisted: boolean;
  required: number;
  passkey: boolean;
};

/** What a rule's outcome asks for. An outcome that nobody knows holds. */
type Demand = { verdict: Verdict; required: number; passkey: boolean };

const free: Demand = { verdict: "pass", required: 1, passkey: false };

function demandOf({ outcome, required }: Pick<Policy, "outcome" | "required">): Demand {
  switch (outcome) {
    case "allow":
      return free;
    case "block":
      return { ...free, verdict: "block" };
    case "quorum":
      // A number that is missing or odd asks for as many as a gate can.
      return { ...free, verdict: "review", required: readRequired(required) };
    case "passkey":
      return { ...free, verdict: "review", passkey: true };
    default:
      return { ...free, verdict: "review" };
  }
}

function readRequired(required: number | null): number {
  return required !== null && Number.isInteger(required) && required >= 1 && required <= 5
    ? required
    : 5;
}

const graver: Readonly<Record<Verdict, number>> = { pass: 0, review: 1, block: 2 };

/** True when the first asks for at least as much as the second. Whatever is blocked asks for more than any approval. */
function isAsStrict(one: Demand, than: Demand): boolean {
  if (one.verdict === "block") return true;
  return (
    graver[one.verdict] >= graver[than.verdict] &&
    one.required >= than.required &&
    (one.passkey || !than.passkey)
  );
}

function both(a: Demand, b: Demand): Demand {
  return {
    verdict: graver[a.verdict] >= graver[b.verdict] ? a.verdict : b.verdict,
    required: Math.max(a.required, b.required),
    passkey: a.passkey || b.passkey,
  };
}

/** True for every rule but one that allows. */
export function tightens({ outcome }: Pick<Policy, "outcome">): boolean {
  return outcome !== "allow";
}

/** True while the rule stands. One that allows and has no end never does. */
export function isLiving(
  { outcome, expires_at }: Pick<Policy, "outcome" | "expires_at">,
  at: Date,
): boolean {
  if (expires_at === null) return tightens({ outcome });
  return expires_at.getTime() > at.getTime();
}

/** The rules in their order: by position, and the older first where two have the same. */
export function inOrder<P extends Pick<Policy, "position" | "policy_id">>(
  policies: readonly P[],
): P[] {
  return policies.toSorted(
    (a, b) => a.position - b.position || (a.policy_id < b.policy_id ? -1 : 1),
  );
}

/**
 * Asks the rules, in the order given, about a message. The first that meets it decides; where none does, nothing is asked for and
 * the mode's default holds. A tightening rule of which it is not known whether it meets the message counts beside whatever comes
 * after it; an allowing one must meet it for certain.
 */
export function decide<P extends Policy>(
  policies: readonly P[],
  facts: PolicyFacts,
): PolicyDecision<P> {
  let floor = free;
  let doubted: P | null = null;
  for (const policy of policies) {
    if (!isLiving(policy, facts.at)) continue;
    const met: Met = meets(policy.match, facts, tightens(policy) ? "any" : "every");
    if (met === false) continue;
    if (!tightens(policy)) {
      if (met === null) continue;
      return {
        policy: doubted ?? policy,
        allowlisted: doubted === null,
        ...floor,
      };
    }
    const demand = demandOf(policy);
    const sum = both(floor, demand);
    if (met) {
      const decisive = doubted === null || !isAsStrict(floor, demand) ? policy : doubted;
      return { policy: decisive, allowlisted: false, ...sum };
    }
    if (doubted === null || !isAsStrict(floor, demand)) doubted = policy;
    floor = sum;
  }
  return { policy: doubted, allowlisted: false, ...floor };
}

/** True when the second decision lets through nothing that the first would not. */
export function isNoLooser(
  before: Omit<PolicyDecision, "policy">,
  after: Omit<PolicyDecision, "policy">,
): boolean {
  return isAsStrict(after, before) && (before.allowlisted || !after.allowlisted);
}

/** True where both rules can meet the same message, as far as their mailboxes and directions tell. */
function overlap(a: Policy, b: Policy): boolean {
  const [one, other] = [directionOf(a.match), directionOf(b.match)];
  if (one !== null && other !== null && one !== other) return false;
  return a.mailbox_id === "" || b.mailbox_id === "" || a.mailbox_id === b.mailbox_id;
}

/**
 * True when some message could fare better under the rules `after` than under those `before`. It may say so of a change that
 * loosens nothing, never the other way round. A change loosens when it brings an allowing rule or lets one live longer, takes a
 * tightening one away or shortens its life, or brings a rule that asks for less before one that asks for more. Both lists are in
 * their order.
 */
export function loosens(before: readonly Policy[], after: readonly Policy[]): boolean {
  const place = new Map(before.map((policy, i) => [policy.policy_id, i]));
  const old = new Map(before.map((policy) => [policy.policy_id, policy]));
  const now = new Map(after.map((policy) => [policy.policy_id, policy]));
  const life = (policy: Policy): number =>
    policy.expires_at?.getTime() ?? (tightens(policy) ? Infinity : -Infinity);
  for (const policy of after) {
    const was = old.get(policy.policy_id);
    if (!tightens(policy) && (was === undefined || life(policy) > life(was))) return true;
  }
  for (const [i, strict] of before.entries()) {
    if (!tightens(strict)) continue;
    const still = now.get(strict.policy_id);
    if (still === undefined || life(still) < life(strict)) return true;
    for (const first of after) {
      if (first.policy_id === strict.policy_id) break;
      const stoodFirst = (place.get(first.policy_id) ?? Infinity) < i;
      const was = old.get(first.policy_id);
      const longer = was !== undefined && life(first) > life(was);
      if (stoodFirst && !longer) continue;
      if (overlap(first, strict) && !isAsStrict(demandOf(first), demandOf(strict))) return true;
    }
  }
  return false;
}

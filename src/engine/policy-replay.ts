/** A rule tried on the last messages before it is made: which it would have let through, held or blocked, and what happened then. */
import { allAllowlisted } from "../core/allowlist.ts";
import type { Actor } from "../core/actor.ts";
import { asideStatuses, isWithheld, seesWithheld } from "../core/inbound-status.ts";
import { directionOf } from "../core/policy-match.ts";
import { gates, maySubmit, readMode } from "../core/oversight/mode.ts";
import { inOrder } from "../core/policy.ts";
import { getMailboxes, loadAllowlists } from "../store/mailboxes.ts";
import { getOperator } from "../store/operators.ts";
import {
  type PolicyRow,
  type TriedMessage,
  lastMessages,
  livingPolicies,
} from "../store/policies.ts";
import type { EngineContext } from "./context.ts";
import { type NewPolicy, draftPolicy, placeOf } from "./policies.ts";
import { type Asked, type Rules, type Ruling, graver, ruleOn, rulesFor } from "./policy-facts.ts";

/** Messages that a rule is tried on. */
export const replayed = 200;

/** Milliseconds after which the rest is left out. */
const patience = 2000;

/** Where a message goes. */
export type Destination = "through" | "held" | "blocked";

/** One message that the rule would have decided on. */
export type Replayed = {
  message: TriedMessage;
  /** What happened to it then. */
  happened: Destination;
  /** Under today's rules and mode, without the rule and with it. */
  without: Destination;
  with: Destination;
  required: number;
  passkey: boolean;
};

/** What the rule would have done. */
export type Replay = {
  /** Messages it was tried on. */
  checked: number;
  /** True where there was no time for all of them. */
  cut_short: boolean;
  /** Those that it decides on, newest first. */
  matched: Replayed[];
};

/** Tries a rule, which nobody has to have the right to make. Throws `validation_failed`, `not_found`, `scope_required`. */
export async function replayPolicy(
  context: EngineContext,
  actor: Actor,
  wanted: Omit<NewPolicy, "name" | "expires_at">,
): Promise<Replay> {
  const tried = await context.database.as(actor.operator_id, async (tx) => {
    await placeOf(tx, actor, wanted.mailbox_id);
    const standing = await livingPolicies(tx);
    const direction = directionOf(wanted.match) ?? "outbound";
    const messages = await lastMessages(tx, {
      mailbox_id: wanted.mailbox_id,
      direction,
      withheld: seesWithheld(actor),
      limit: replayed,
    });
    const ids = [...new Set(messages.map(({ mailbox_id }) => mailbox_id))];
    const rule = ruleOf(context, actor, wanted, standing);
    const [mailboxes, allowlists, operator, rules] = await Promise.all([
      getMailboxes(tx, ids),
      loadAllowlists(tx, ids),
      getOperator(tx),
      rulesFor(tx, inOrder([...standing, rule]), messages.map(askedOf)),
    ]);
    const modes = new Map(mailboxes.map(({ mailbox_id, mode }) => [mailbox_id, readMode(mode)]));
    const unwatched = (operator?.oversight_address ?? null) === null;
    return { messages, rule, rules, modes, allowlists, unwatched };
  });
  const { messages, rule, rules } = tried;
  const before = { ...rules, policies: rules.policies.filter((one) => one !== rule) };
  const end = performance.now() + patience;
  const matched: Replayed[] = [];
  let checked = 0;
  for (const message of messages) {
    if (performance.now() > end) break;
    checked++;
    const asked = askedOf(message);
    const ruling = rulingOf(rules, asked, message);
    if (ruling.policy !== rule) continue;
    const to = (by: Ruling): Destination => destination(message, asked, by, tried);
    matched.push({
      message,
      happened: happenedTo(message),
      without: to(rulingOf(before, asked, message)),
      with: to(ruling),
      required: ruling.required,
      passkey: ruling.passkey,
    });
  }
  return { checked, cut_short: checked < messages.length, matched };
}

/** What became of it at first, as far as its row still tells: received mail that was released looks as if it had never waited. */
function happenedTo({ direction, status, mode, gated }: TriedMessage): Destination {
  if (direction === "inbound")
    return isWithheld({ direction, status, mode }) || isSetAside(status) ? "held" : "through";
  return status === "blocked" ? "blocked" : gated ? "held" : "through";
}

const isSetAside = (status: string): boolean => asideStatuses.some((one) => one === status);

/** The rule as if it stood: one that allows has some end. */
function ruleOf(
  context: EngineContext,
  actor: Actor,
  wanted: Omit<NewPolicy, "name" | "expires_at">,
  standing: readonly PolicyRow[],
): PolicyRow {
  const now = context.now();
  return {
    ...draftPolicy(context, { ...wanted, name: "this rule" }, standing),
    operator_id: actor.operator_id,
    created_by: "",
    created_at: now,
    updated_at: now,
    expires_at: new Date(now.getTime() + 1000),
    revoked_at: null,
    revoked_by: null,
  };
}

/** Time conditions are asked of the time at which the message was submitted; rules that ended since are not. */
function rulingOf(rules: Rules, asked: Asked, { created_at }: TriedMessage): Ruling {
  return ruleOn(rules, asked, created_at);
}

function askedOf(message: TriedMessage): Asked {
  const { mailbox_id, message_id, tags, screening, recipients } = message;
  const about = {
    mailbox_id,
    message_id,
    attachments: message.attachments.length,
    tags,
    screening,
  };
  if (message.direction === "inbound")
    return { ...about, direction: "inbound", addresses: [message.from_address] };
  return {
    ...about,
    addresses: recipients.filter(({ kind }) => kind !== "copy").map(({ address }) => address),
  };
}

/** Where submission, or its arrival, would take it today. What the scan said then is taken for what it would say now. */
function destination(
  message: TriedMessage,
  { addresses }: Asked,
  ruling: Ruling,
  at: {
    modes: ReadonlyMap<string, ReturnType<typeof readMode>>;
    allowlists: ReadonlyMap<string, readonly string[]>;
    unwatched: boolean;
  },
): Destination {
  const mode = at.modes.get(message.mailbox_id) ?? "read_only";
  const screening: Record<string, unknown> = message.screening ?? {};
  const { verdict, review } = screening;
  if (message.direction === "inbound")
    return mode === "gated_all" || ruling.verdict !== "pass" || verdict !== "pass"
      ? "held"
      : "through";
  const scanned = verdict === "pass" || verdict === "block" ? verdict : "review";
  const said = graver(scanned, ruling.verdict);
  if (said === "block" || !maySubmit(mode)) return "blocked";
  const allowed =
    ruling.allowlisted || allAllowlisted(addresses, at.allowlists.get(message.mailbox_id) ?? []);
  const look = review !== undefined || (mode === "monitored" && at.unwatched);
  return said === "review" || look || gates(mode, allowed) ? "held" : "through";
}

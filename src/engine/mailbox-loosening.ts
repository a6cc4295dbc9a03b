/** What a change of a mailbox would loosen, field by field, and the person who lets it through. */
import type { Actor } from "../core/actor.ts";
import { raises, readMode } from "../core/oversight/mode.ts";
import type { Mode } from "../core/oversight/types.ts";
import { type ScanPolicy, usualPolicy } from "../screening/outbound.ts";
import type { Tx } from "../store/database.ts";
import type { MailboxRow } from "../store/mailboxes.ts";
import { takesServiceMail } from "../store/service-mail.ts";
import type { EngineContext } from "./context.ts";
import { type LetThrough, passSensitive } from "./sensitive.ts";

/** What a new mailbox is asked to be. `address` may be a local part; it then lies in the operator's first domain. */
export type NewMailbox = {
  address: string;
  display_name: string | null;
  oversight_mode: Mode;
  approvals_required: number;
  expiry_seconds: number;
  undo_seconds: number;
  ai_disclosure: boolean;
  /** Where events of the mailbox are told; null for nowhere. */
  webhook_url?: string | null | undefined;
  /** The same for what waits for people. */
  oversight_webhook_url?: string | null | undefined;
  /** Who gets copies of what it writes, seen by all and by nobody. */
  auto_cc?: readonly string[] | undefined;
  auto_bcc?: readonly string[] | undefined;
};

/** What may be changed of a mailbox. */
export type MailboxChange = {
  [K in keyof Omit<NewMailbox, "address">]?: NewMailbox[K] | undefined;
} & {
  /** Only approvals by passkey count. */
  passkey_required?: boolean | undefined;
  /** Who is asked first about what waits; null for everybody who may decide. */
  approver_ids?: readonly string[] | null | undefined;
  /** Messages a day; null takes the instance's. */
  daily_quota?: number | null | undefined;
  /** Grows what may be sent day by day, from now on. */
  warm_up?: boolean | undefined;
  /** A paused mailbox sends nothing; its mail waits. */
  paused?: boolean | undefined;
  /** What the outbound scan does, by family of findings; the whole map, absent families are as usual. */
  scan_policy?: Partial<ScanPolicy> | undefined;
};

/** A field that would be loosened, and the sentence that refuses it. */
export type Loosened = [field: keyof MailboxChange | "address", message: string];

type Limits = Pick<
  MailboxRow,
  "passkey_required" | "daily_quota" | "warm_up_started_at" | "paused_at" | "scan_policy"
>;

/**
 * The same for what a mailbox may send: limits are tightened by anybody, and loosened by a person. `usualQuota`: what holds where a
 * mailbox has no quota of its own.
 */
export function limitsLoosened(
  before: Limits,
  change: MailboxChange,
  usualQuota: number,
): Loosened[] {
  const { daily_quota: quota } = change;
  const policy = { ...usualPolicy, ...change.scan_policy };
  const was: Record<string, string> = { ...usualPolicy, ...before.scan_policy };
  const found: [boolean, keyof MailboxChange, string][] = [
    [
      change.passkey_required === false && before.passkey_required,
      "passkey_required",
      "Taking approvals without a passkey again needs a person.",
    ],
    [
      quota !== undefined && (quota ?? usualQuota) > (before.daily_quota ?? usualQuota),
      "daily_quota",
      "Raising a quota needs a person.",
    ],
    [
      change.warm_up === false && before.warm_up_started_at !== null,
      "warm_up",
      "Ending a warm-up needs a person.",
    ],
    [
      change.paused === false && before.paused_at !== null,
      "paused",
      "Resuming a paused mailbox needs a person.",
    ],
    [
      change.scan_policy !== undefined &&
        Object.entries(policy).some(([family, action]) => isLooser(action, was[family])),
      "scan_policy",
      "Loosening the outbound scan needs a person.",
    ],
  ];
  return found.filter(([is]) => is).map(([, field, message]) => [field, message]);
}

const strictness: readonly (string | undefined)[] = ["mark", "hold", "block"];

function isLooser(action: string, than: string | undefined): boolean {
  return strictness.indexOf(action) < strictness.indexOf(than);
}

/** What a change would loosen beside the mode: the field, and the sentence that refuses it. */
export function loosened(
  before: Pick<
    MailboxRow,
    "approvals_required" | "undo_seconds" | "expiry_seconds" | "ai_disclosure"
  >,
  change: MailboxChange,
): Loosened[] {
  const { approvals_required, undo_seconds, expiry_seconds, ai_disclosure } = {
    ...before,
    ...given(change),
  };
  const found: [boolean, keyof MailboxChange, string][] = [
    [
      approvals_required < before.approvals_required,
      "approvals_required",
      "Asking for fewer approvals needs a person.",
    ],
    [
      before.ai_disclosure && !ai_disclosure,
      "ai_disclosure",
      "Hiding that an AI agent wrote needs a person.",
    ],
    [
      undo_seconds < before.undo_seconds,
      "undo_seconds",
      "Leaving people less time to undo needs a person.",
    ],
    [
      expiry_seconds > before.expiry_seconds,
      "expiry_seconds",
      "Letting mail wait longer needs a person.",
    ],
  ];
  return found.filter(([is]) => is).map(([, field, message]) => [field, message]);
}

/** The fields that are to change. */
function given(change: MailboxChange): Partial<Omit<NewMailbox, "address">> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

/** The same for the mode. */
export function raised(from: Mode, to: Mode): Loosened[] {
  return raises(from, to)
    ? [["oversight_mode", `Raising the mode from ${from} to ${to} needs a person.`]]
    : [];
}

/** The same for an address that codes and links for people are mailed to: agents would read them there, and decide as those people. */
export async function takesCodes(tx: Tx, address: string, now: Date): Promise<Loosened[]> {
  return (await takesServiceMail(tx, address, now))
    ? [["address", "A mailbox of the oversight address, or of a member's, needs a person."]]
    : [];
}

/** The settings of a mailbox under the names of its change. */
export function shown(row: MailboxRow): Record<string, unknown> {
  return {
    ...row,
    oversight_mode: readMode(row.mode),
    warm_up: row.warm_up_started_at !== null,
    paused: row.paused_at !== null,
  };
}

/** Has a person let through what would be loosened; nothing to ask where it is nothing. */
export async function passLoosening(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  asked: {
    what: string;
    from: Readonly<Record<string, unknown>>;
    change: Readonly<Record<string, unknown>>;
    loosened: readonly Loosened[];
  },
): Promise<Pick<LetThrough, "change">> {
  const [first] = asked.loosened;
  if (!first) return { change: {} };
  const changes = asked.loosened.map(([field]) => {
    const [from, to] = [asked.from[field], asked.change[field]].map((value) =>
      JSON.stringify(value ?? null),
    );
    return `${field} from ${from} to ${to}`;
  });
  const [field, message] = first;
  const raising = field === "oversight_mode";
  return passSensitive(context, tx, actor, {
    summary: `${asked.what}: ${changes.join("; ")}.`,
    code: "mode_raise_needs_person",
    field,
    message,
    ...(raising
      ? {
          hint: "Ask for it with request_upgrade, or an owner or admin raises it on the mailbox's page after signing in.",
        }
      : {}),
  });
}

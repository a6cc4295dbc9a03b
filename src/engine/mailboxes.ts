/** Mailboxes: making and changing them, with the rule that raising a mode needs a person. */
import { isDeepStrictEqual } from "node:util";
import type { Actor } from "../core/actor.ts";
import { raises, readMode } from "../core/oversight/mode.ts";
import type { Mode } from "../core/oversight/types.ts";
import { Refusal } from "../core/refusal.ts";
import { AddressError, parseAddress } from "../mail/address.ts";
import { type ScanPolicy, usualPolicy } from "../screening/outbound.ts";
import { type Tx, isUniqueViolation } from "../store/database.ts";
import { type MailboxRow, getMailbox, insertMailbox, updateMailbox } from "../store/mailboxes.ts";
import { holdVerifiedDomain } from "../store/domains.ts";
import { getOperator, listDomains } from "../store/operators.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { makeEntry, makeEvent } from "./record.ts";
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
};

/** What a mailbox is unless somebody says otherwise; anything looser needs a person. Times in seconds. */
export const usualMailbox = {
  oversight_mode: "gated_send",
  approvals_required: 1,
  expiry_seconds: 7 * 24 * 3600,
  undo_seconds: 10,
  ai_disclosure: true,
} as const;

/** Makes a mailbox. Throws `test_key`, `validation_failed`, `unknown_domain`, `address_taken` or `mode_raise_needs_person`. */
export async function createMailbox(
  context: EngineContext,
  actor: Actor,
  wanted: NewMailbox,
): Promise<MailboxRow> {
  if (actor.test) throw liveThing("A test key makes no mailboxes.");
  if (actor.mailbox_ids !== null)
    throw new Refusal("scope_required", "A key that is bound to mailboxes cannot create others.");
  return context.database
    .transaction(actor.operator_id, async (tx) => {
      const domains = await listDomains(tx);
      const address = readAddress(wanted.address, domains);
      // Held until the mailbox is there, so that the domain cannot be deleted in between.
      if (!(await holdVerifiedDomain(tx, address.slice(address.lastIndexOf("@") + 1))))
        throw new Refusal("unknown_domain", "The domain was deleted just now.");
      const { change } = await pass(context, tx, actor, {
        what: `Create the mailbox ${address}`,
        from: usualMailbox,
        change: wanted,
        loosened: [
          ...raised(usualMailbox.oversight_mode, wanted.oversight_mode),
          ...loosened(usualMailbox, wanted),
          ...(await takesCodes(tx, address)),
        ],
      });
      const now = context.now();
      const id = context.new_id();
      await insertMailbox(tx, {
        mailbox_id: id,
        address,
        display_name: wanted.display_name,
        mode: wanted.oversight_mode,
        approvals_required: wanted.approvals_required,
        expiry_seconds: wanted.expiry_seconds,
        undo_seconds: wanted.undo_seconds,
        ai_disclosure: wanted.ai_disclosure,
        created_at: now,
        updated_at: now,
      });
      await appendRecords(tx, {
        entries: [
          makeEntry(
            context,
            "mailbox.created",
            actor,
            { resource: id, mailbox_id: id },
            {
              address,
              mode: wanted.oversight_mode,
              approvals_required: wanted.approvals_required,
              ...change,
            },
          ).row,
        ],
        openings: [],
        events: [],
      });
      const made = await getMailbox(tx, id);
      if (!made) throw new Error("a mailbox vanished in its own transaction");
      return made;
    })
    .then((made) => {
      context.wake.sequence();
      return made;
    })
    .catch((error: unknown) => {
      if (isUniqueViolation(error, "mailbox_address_key"))
        throw new Refusal("address_taken", "This address is taken.", { field: "address" });
      throw error;
    });
}

function readAddress(text: string, domains: readonly string[]): string {
  const [first] = domains;
  if (first === undefined)
    throw new Refusal("unknown_domain", "The operator has no verified domain.");
  const full = text.includes("@") ? text : `${text}@${first}`;
  try {
    const { address, domain } = parseAddress(full.toLowerCase());
    if (!domains.includes(domain))
      throw new Refusal("unknown_domain", `${domain} is not a verified domain of this operator.`, {
        field: "address",
        hint: `Verified domains: ${domains.join(", ")}.`,
      });
    // What stands behind a plus is no part of a mailbox's name: mail to it goes to the mailbox before the plus.
    if (address.includes("+"))
      throw new Refusal("validation_failed", "address: a mailbox's name has no plus.", {
        field: "address",
        hint: "Mail to name+anything comes to the mailbox name.",
      });
    return address;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new Refusal("validation_failed", `address: ${error.reason}`, { field: "address" });
  }
}

/** What may be changed of a mailbox. */
export type MailboxChange = {
  [K in keyof Omit<NewMailbox, "address">]?: NewMailbox[K] | undefined;
} & {
  /** Only approvals by passkey count. */
  passkey_required?: boolean | undefined;
  /** Messages a day; null takes the instance's. */
  daily_quota?: number | null | undefined;
  /** Grows what may be sent day by day, from now on. */
  warm_up?: boolean | undefined;
  /** A paused mailbox sends nothing; its mail waits. */
  paused?: boolean | undefined;
  /** What the outbound scan does, by family of findings; the whole map, absent families are as usual. */
  scan_policy?: Partial<ScanPolicy> | undefined;
};

/** Changes a mailbox. Tightening is free; raising the mode, and loosening what else protects, needs a person. */
export async function changeMailbox(
  context: EngineContext,
  actor: Actor,
  mailboxId: string,
  change: MailboxChange,
): Promise<MailboxRow> {
  const changed = await context.database.transaction(actor.operator_id, async (tx) => {
    const before = await getMailbox(tx, mailboxId, true);
    if (!before)
      throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
    if (actor.test) throw liveThing("A test key changes no mailboxes: they serve live mail too.");
    const from = readMode(before.mode);
    const mode = change.oversight_mode ?? from;
    const { change: letThrough } = await pass(context, tx, actor, {
      what: `Change the mailbox ${before.address}`,
      from: shown(before),
      change,
      loosened: [
        ...raised(from, mode),
        ...loosened(before, change),
        ...limitsLoosened(before, change),
      ],
    });
    const wanted = Object.entries({
      display_name: change.display_name,
      mode: change.oversight_mode,
      approvals_required: change.approvals_required,
      expiry_seconds: change.expiry_seconds,
      undo_seconds: change.undo_seconds,
      ai_disclosure: change.ai_disclosure,
      daily_quota: change.daily_quota,
      ...limitsOf(context.now(), before, change),
    }).filter(
      ([key, value]) =>
        value !== undefined && !isDeepStrictEqual(value, before[key as keyof MailboxRow]),
    );
    if (wanted.length === 0) return before;
    const changes = Object.fromEntries(wanted);
    await updateMailbox(tx, mailboxId, {
      ...changes,
      ...(change.scan_policy ? { scan_policy: JSON.stringify(change.scan_policy) } : {}),
      updated_at: context.now(),
    });
    const about = { resource: mailboxId, mailbox_id: mailboxId };
    const entry = makeEntry(context, "mailbox.changed", actor, about, {
      changes,
      from: Object.fromEntries(wanted.map(([key]) => [key, before[key as keyof MailboxRow]])),
      ...letThrough,
    });
    await appendRecords(tx, {
      entries: [entry.row],
      openings: [],
      events:
        mode === from
          ? []
          : [
              makeEvent(
                context,
                "mailbox.mode_changed",
                { mailbox_id: mailboxId, message_id: null, thread_id: null },
                { from, to: mode },
              ),
            ],
    });
    const after = await getMailbox(tx, mailboxId);
    if (!after) throw new Error("a mailbox vanished while it was locked");
    return after;
  });
  context.wake.sequence();
  return changed;
}

/** The columns behind passkeys, warm-up, pause and scan policy. */
function limitsOf(now: Date, before: MailboxRow, change: MailboxChange): Partial<MailboxRow> {
  const { passkey_required, warm_up, paused, scan_policy } = change;
  return {
    ...(passkey_required === undefined ? {} : { passkey_required }),
    ...(warm_up === undefined
      ? {}
      : { warm_up_started_at: warm_up ? (before.warm_up_started_at ?? now) : null }),
    ...(paused === undefined
      ? {}
      : {
          paused_at: paused ? (before.paused_at ?? now) : null,
          paused_reason: paused ? (before.paused_reason ?? "paused by hand") : null,
        }),
    ...(scan_policy === undefined ? {} : { scan_policy }),
  };
}

type Limits = Pick<
  MailboxRow,
  "passkey_required" | "daily_quota" | "warm_up_started_at" | "paused_at" | "scan_policy"
>;

/** The same for what a mailbox may send: limits are tightened by anybody, and loosened by a person. */
function limitsLoosened(before: Limits, change: MailboxChange): Loosened[] {
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
      quota !== undefined &&
        before.daily_quota !== null &&
        (quota === null || quota > before.daily_quota),
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
function loosened(
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

type Loosened = [field: keyof MailboxChange | "address", message: string];

/** The same for the mode. */
function raised(from: Mode, to: Mode): Loosened[] {
  return raises(from, to)
    ? [["oversight_mode", `Raising the mode from ${from} to ${to} needs a person.`]]
    : [];
}

/** The same for an address that codes for people are mailed to: agents would read them there. */
async function takesCodes(tx: Tx, address: string): Promise<Loosened[]> {
  const overseer = (await getOperator(tx))?.oversight_address?.toLowerCase() ?? "";
  const [local = "", domain = ""] = overseer.split("@");
  const plain = `${local.split("+")[0] ?? ""}@${domain}`;
  return address === overseer || address === plain
    ? [["address", "A mailbox of the oversight address needs a person."]]
    : [];
}

/** The settings of a mailbox under the names of its change. */
function shown(row: MailboxRow): Record<string, unknown> {
  return {
    ...row,
    oversight_mode: readMode(row.mode),
    warm_up: row.warm_up_started_at !== null,
    paused: row.paused_at !== null,
  };
}

/** Has a person let through what would be loosened; nothing to ask where it is nothing. */
async function pass(
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

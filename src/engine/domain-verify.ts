/** Proving a domain by DNS, by hand or by the worker; switching to keys that DNS shows; noticing records that vanish. */
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { type Tx, isUniqueViolation } from "../store/database.ts";
import {
  type DomainCheck,
  type DomainRow,
  getDomain,
  listDomainKeys,
  updateDomain,
  updateSigningKey,
} from "../store/domains.ts";
import { type Claim, deleteDue, putDue, standingTokens } from "../store/due.ts";
import type { SigningKeyRow } from "../store/operators.ts";
import { type Records, appendRecords, noRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { checkRecords } from "./domain-check.ts";
import {
  type DomainView,
  assertLive,
  findDomain,
  keepRetired,
  logKeyOf,
  noSuchDomain,
  viewOf,
} from "./domains.ts";
import { type EntryAuthor, makeEntry, makeEvent, worker } from "./record.ts";

/** So many checks in a row must fail before people are told. */
const failuresToTell = 3;

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** What was looked at, and what DNS said. */
type Looked = { view: DomainView; checks: DomainCheck[]; log: string };

/** Asks DNS about every record; null where the domain is gone. Outside of any transaction. */
async function look(
  context: EngineContext,
  operatorId: string,
  domainId: string,
): Promise<Looked | null> {
  const log = await logKeyOf(context, operatorId);
  const view = await context.database.as(operatorId, async (tx) => {
    const row = await getDomain(tx, { domain_id: domainId });
    return row && viewOf(context, tx, row, log);
  });
  if (!view) return null;
  const tools = { ...context.domains, domain: view.row.name };
  return { view, log, checks: await checkRecords(tools, view.records) };
}

/**
 * Checks a domain now, and draws the consequences: proven, switched, recovered. Throws `not_found`, `domain_taken` where another
 * operator has proven the name, `scope_required`, `test_key`.
 */
export async function verifyDomain(
  context: EngineContext,
  actor: Actor,
  domainId: string,
): Promise<DomainView> {
  await findDomain(context, actor, domainId);
  assertLive(actor);
  const looked = await look(context, actor.operator_id, domainId);
  if (!looked) throw noSuchDomain();
  try {
    const view = await context.database.transaction(actor.operator_id, async (tx) => {
      const row = await getDomain(tx, { domain_id: domainId }, true);
      if (!row) throw noSuchDomain();
      return applyLook(context, tx, row, looked, { author: actor, counts: false, taken: false });
    });
    context.keyring.forget(actor.operator_id);
    context.wake.sequence();
    return view;
  } catch (error) {
    if (!isUniqueViolation(error, "domain_verified")) throw error;
    throw new Refusal("domain_taken", "Somebody else here has proven that this domain is theirs.", {
      hint: "It is free again when they have deleted it.",
    });
  }
}

/** Checks what came due, of one operator. A check that breaks comes due again when its lease ends. */
export async function recheckDomains(
  context: EngineContext,
  operatorId: string,
  claims: readonly Claim[],
): Promise<void> {
  for (const claim of claims)
    try {
      await recheck(context, operatorId, claim);
    } catch (error) {
      context.log.error(
        { domain_id: claim.message_id, error: String(error) },
        "a domain could not be checked",
      );
    }
  context.wake.sequence();
}

async function recheck(context: EngineContext, operatorId: string, claim: Claim): Promise<void> {
  const domainId = claim.message_id;
  const looked = await look(context, operatorId, domainId);
  const apply = (taken: boolean): Promise<void> =>
    context.database.transaction(operatorId, async (tx) => {
      const tokens = await standingTokens(tx, "verify_domain", [domainId]);
      if (tokens.get(domainId) !== claim.token) return;
      const row = looked && (await getDomain(tx, { domain_id: domainId }, true));
      if (!row) await deleteDue(tx, "verify_domain", [domainId]);
      else await applyLook(context, tx, row, looked, { author: worker, counts: true, taken });
    });
  try {
    await apply(false);
  } catch (error) {
    if (!isUniqueViolation(error, "domain_verified")) throw error;
    await apply(true);
  }
  context.keyring.forget(operatorId);
}

/** Draws the consequences of a look, on the locked row. */
async function applyLook(
  context: EngineContext,
  tx: Tx,
  row: DomainRow,
  { view, checks, log }: Looked,
  how: {
    author: EntryAuthor;
    /** Whether a failure counts: the worker's rounds do, calls by hand could be any number. */
    counts: boolean;
    /** Another operator has proven the name. */
    taken: boolean;
  },
): Promise<DomainView> {
  const now = context.now();
  const records = noRecords();
  const required = checks.filter((_, i) => view.records[i]?.required === true);
  const proven = required.length > 0 && required.every(({ status }) => status === "ok");
  const broken = required.some(({ status }) => status === "missing" || status === "wrong");
  const first = proven && row.verified_at === null && !how.taken;
  const failures = failuresAfter(row, { proven, broken, counts: how.counts }, now);
  const change = {
    checks,
    checked_at: now,
    failures,
    ...(first ? { verified_at: now } : {}),
  };
  await updateDomain(tx, row.domain_id, change);
  const about = { resource: row.domain_id };
  const tell = (type: "domain.verified" | "domain.failing"): void => {
    const problems = required
      .filter(({ status }) => status === "missing" || status === "wrong")
      .map(({ name, type: kind, message }) => ({ name, type: kind, message }));
    const data = { domain: row.name, ...(problems.length > 0 ? { problems } : {}) };
    records.entries.push(makeEntry(context, type, how.author, about, data).row);
    const nobody = { mailbox_id: null, message_id: null, thread_id: null };
    records.events.push(makeEvent(context, type, nobody, { domain_id: row.domain_id, ...data }));
  };
  if (first || (proven && row.failures >= failuresToTell)) tell("domain.verified");
  if (failures === failuresToTell && row.failures < failuresToTell) tell("domain.failing");
  if (first || row.verified_at !== null) await switchKeys(context, tx, row, checks, how, records);
  const after = { ...row, ...change, verified_at: first ? now : row.verified_at };
  const shown = await viewOf(context, tx, after, log);
  const next = nextLook(after, shown.keys, now);
  if (next === null) await deleteDue(tx, "verify_domain", [row.domain_id]);
  else await putDue(tx, "verify_domain", [{ message_id: row.domain_id, at: next }]);
  await appendRecords(tx, records);
  return shown;
}

/** How many checks in a row have failed now. The instance's own domain is its host's business, and silence of DNS no failure. */
function failuresAfter(
  row: DomainRow,
  found: { proven: boolean; broken: boolean; counts: boolean },
  now: Date,
): number {
  if (row.verified_at === null || row.instance || found.proven) return 0;
  if (!found.broken) return row.failures;
  // While new keys are waited for, checks follow each other fast: one bad hour is one failure.
  const soon = row.failures > 0 && now.getTime() - (row.checked_at?.getTime() ?? 0) < 0.8 * hour;
  return found.counts && !soon ? Math.min(row.failures + 1, 10_000) : Math.max(row.failures, 1);
}

/** Keys that DNS shows begin to sign; those that they replace retire, and their records stay a while. */
async function switchKeys(
  context: EngineContext,
  tx: Tx,
  row: DomainRow,
  checks: readonly DomainCheck[],
  { author }: { author: EntryAuthor },
  records: Records,
): Promise<void> {
  const keys = await listDomainKeys(tx, row.name);
  const seen = (key: SigningKeyRow): boolean =>
    checks.some(
      ({ name, purpose, status }) =>
        purpose === "dkim" && status === "ok" && name === `${key.selector}._domainkey.${row.name}`,
    );
  const entry = (type: string, key: SigningKeyRow, data: Record<string, unknown>): void =>
    void records.entries.push(
      makeEntry(context, type, author, { resource: key.key_id }, { domain: row.name, ...data }).row,
    );
  const keepUntil = new Date(context.now().getTime() + keepRetired);
  for (const algorithm of ["rsa2048", "ed25519"] as const) {
    const mine = keys.filter((key) => key.algorithm === algorithm);
    const next = mine.findLast((key) => key.status === "pending" && seen(key));
    if (!next) continue;
    for (const old of mine.filter(({ status }) => status === "active")) {
      await updateSigningKey(tx, old.key_id, { status: "retired", expires_at: keepUntil });
      entry("signing_key.retired", old, { keep_until: keepUntil.toISOString() });
    }
    await updateSigningKey(tx, next.key_id, { status: "active", expires_at: null });
    entry("signing_key.activated", next, { selector: next.selector });
  }
}

/** When to look again; null where nobody waits for anything. */
function nextLook(row: DomainRow, keys: readonly SigningKeyRow[], now: Date): Date | null {
  const after = (milliseconds: number): Date => new Date(now.getTime() + milliseconds);
  /** The longer something has been waited for, the less often it is looked at. */
  const since = (begun: Date): number =>
    Math.min(6 * hour, Math.max(2 * minute, (now.getTime() - begun.getTime()) / 4));
  if (row.verified_at === null) {
    const age = now.getTime() - row.created_at.getTime();
    // Somebody gave up: a call by hand still verifies it.
    return age > 30 * day ? null : after(since(row.created_at));
  }
  const waiting = keys.findLast((key) => key.status === "pending" && key.algorithm === "rsa2048");
  if (waiting) return after(since(waiting.not_before));
  if (row.instance) return null;
  if (row.failures === 0) return after(day);
  return after(row.failures < failuresToTell ? hour : 6 * hour);
}

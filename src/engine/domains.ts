/** Domains of one's own: asked for, shown with their records, rotated, let go. Proving them is domain-verify's. */
import type { Actor } from "../core/actor.ts";
import { readDomainName } from "../core/domain-name.ts";
import {
  type DkimRecordKey,
  type DomainRecord,
  type StsMode,
  domainRecords,
  stsPolicy,
} from "../core/domain-records.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import {
  type DomainRow,
  countDomains,
  countMailboxesAt,
  deleteDomain,
  getDomain,
  insertDomain,
  liesInForeignHost,
  listDomainKeys,
  listDomainRows,
  listOwnIdentityKeys,
  stsModeOf,
  updateDomain,
  updateSigningKey,
} from "../store/domains.ts";
import { deleteDue, putDue } from "../store/due.ts";
import { type SigningKeyRow, insertSigningKey } from "../store/operators.ts";
import { appendRecords, noRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { dkimValue } from "./keyring.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { makeEntry } from "./record.ts";

/** A domain with what DNS must show for it. */
export type DomainView = { row: DomainRow; keys: SigningKeyRow[]; records: DomainRecord[] };

/** Domains that one operator may have. */
const mostDomains = 500;

/** Milliseconds until a new domain or key is looked for in DNS the first time. */
const firstLook = 2 * 60_000;

/**
 * How long the record of a retired key must stay, in milliseconds: mail is retried for 5 days, here or by a relay, and its
 * signature is good for 14 days (x=).
 */
export const keepRetired = (14 + 5) * 86_400_000;

/** Domains are the operator's: a key bound to mailboxes has nothing to do with them. */
export function assertUnbound(actor: Actor): void {
  if (actor.mailbox_ids !== null)
    throw new Refusal("scope_required", "A key that is bound to mailboxes cannot use domains.");
}

/** Asked once the thing is known to be the caller's own. */
export function assertLive(actor: Actor): void {
  if (actor.test) throw liveThing("A test key changes no domains: live mail depends on them.");
}

/** The refusal of an id that is not there, or not the caller's. */
export function noSuchDomain(): Refusal {
  return new Refusal("not_found", "There is no such domain.", { field: "domain_id" });
}

/** The verification key of an operator's log, for {@link viewOf}: had before a transaction begins, which holds a connection. */
export async function logKeyOf(context: EngineContext, operatorId: string): Promise<string> {
  return (await context.keyring.of(operatorId)).log.vkey;
}

/** A domain's records from what the database holds. */
export async function viewOf(
  context: EngineContext,
  tx: Tx,
  row: DomainRow,
  log: string,
): Promise<DomainView> {
  const [keys, identity] = await Promise.all([
    listDomainKeys(tx, row.name),
    listOwnIdentityKeys(tx),
  ]);
  const now = context.now();
  const records = domainRecords({
    domain: row.name,
    keys: keys.flatMap((key) => recordKey(key, now) ?? []),
    identity: {
      jwks: `${context.public_url}/.well-known/multimail-jwks.json`,
      log,
      keys: identity.map((key) => ({
        selector: `mmi-${key.key_id.slice(-8).toLowerCase()}`,
        spki: key.public_key.toString("base64"),
      })),
    },
    sts_mode: row.sts_mode,
    host: context.domains.host,
  });
  return { row, keys, records };
}

function recordKey(key: SigningKeyRow, now: Date): DkimRecordKey | null {
  const { status, selector, algorithm, expires_at } = key;
  if (selector === null || algorithm === "es256" || status === "revoked") return null;
  if (status === "retired" && (expires_at === null || expires_at < now)) return null;
  return { selector, algorithm, value: dkimValue(key), status, keep_until: expires_at };
}

/** A domain that the actor may see. Throws `not_found`, `scope_required`. */
export async function findDomain(
  context: EngineContext,
  actor: Actor,
  domainId: string,
): Promise<DomainView> {
  assertUnbound(actor);
  const log = await logKeyOf(context, actor.operator_id);
  return context.database.as(actor.operator_id, async (tx) => {
    const row = await getDomain(tx, { domain_id: domainId });
    if (!row) throw noSuchDomain();
    return viewOf(context, tx, row, log);
  });
}

/** The operator's domains, the newest first. */
export async function findDomains(
  context: EngineContext,
  actor: Actor,
  page: PageRequest,
): Promise<Page<DomainRow>> {
  assertUnbound(actor);
  const rows = await context.database.as(actor.operator_id, (tx) =>
    listDomainRows(tx, { before_id: readCursor(page.cursor), limit: page.limit + 1 }),
  );
  return paged(rows, page.limit, (row) => row.domain_id);
}

/** A name that may be asked for. Throws `validation_failed`, `domain_taken`. */
async function readName(context: EngineContext, actor: Actor, text: string): Promise<string> {
  const invalid = (problem: string): Refusal =>
    new Refusal("validation_failed", `domain: ${problem}`, { field: "domain" });
  const read = readDomainName(text);
  if ("problem" in read) throw invalid(read.problem);
  const { getPublicSuffix } = await import("tldts");
  if (getPublicSuffix(read.name, { allowPrivateDomains: true }) === read.name)
    throw invalid("is a public suffix, under which many have names: nobody's own");
  if (await liesInForeignHost(context.database, actor.operator_id, read.name))
    throw new Refusal("domain_taken", "This name belongs to the host of this instance.", {
      field: "domain",
    });
  return read.name;
}

/**
 * Asks for a domain: its keys are made, and wait for DNS to show them. A name that the operator has already is answered as it
 * is. Throws `validation_failed`, `domain_taken`, `quota_exceeded`, `scope_required`, `test_key`.
 */
export async function createDomain(
  context: EngineContext,
  actor: Actor,
  text: string,
): Promise<{ view: DomainView; is_new: boolean }> {
  assertUnbound(actor);
  assertLive(actor);
  const name = await readName(context, actor, text);
  const { operator_id } = actor;
  const log = await logKeyOf(context, operator_id);
  const known = await context.database.as(operator_id, async (tx) => {
    const row = await getDomain(tx, { name });
    return row && viewOf(context, tx, row, log);
  });
  if (known) return { view: known, is_new: false };
  const now = context.now();
  const prepared = await context.keyring.prepareDkim(operator_id, name, now, context.new_id);
  const result = await context.database.transaction(operator_id, async (tx) => {
    if ((await countDomains(tx)) >= mostDomains)
      throw new Refusal("quota_exceeded", `An operator has at most ${mostDomains} domains.`);
    const id = context.new_id();
    const isNew = await insertDomain(tx, { domain_id: id, name, created_at: now });
    if (isNew) {
      const records = noRecords();
      const entry = (type: string, resource: string, data: Record<string, unknown>): void =>
        void records.entries.push(makeEntry(context, type, actor, { resource }, data).row);
      entry("domain.created", id, { name });
      for (const { row, created } of prepared) {
        await insertSigningKey(tx, row);
        entry("signing_key.created", created.key_id, { ...created, domain: name });
      }
      await putDue(tx, "verify_domain", [
        { message_id: id, at: new Date(now.getTime() + firstLook) },
      ]);
      await appendRecords(tx, records);
    }
    const row = await getDomain(tx, { name });
    if (!row) throw new Error("a domain vanished in its own transaction");
    return { view: await viewOf(context, tx, row, log), is_new: isNew };
  });
  context.wake.sequence();
  return result;
}

/** Lets a domain go. Throws `domain_in_use` while mailboxes live there, and for the instance's own. */
export async function removeDomain(
  context: EngineContext,
  actor: Actor,
  domainId: string,
): Promise<DomainView> {
  assertUnbound(actor);
  const log = await logKeyOf(context, actor.operator_id);
  const gone = await context.database.transaction(actor.operator_id, async (tx) => {
    const row = await getDomain(tx, { domain_id: domainId }, true);
    if (!row) throw noSuchDomain();
    assertLive(actor);
    if (row.instance)
      throw new Refusal("domain_in_use", "The instance's own domain cannot be deleted.");
    const mailboxes = await countMailboxesAt(tx, row.name);
    if (mailboxes > 0)
      throw new Refusal(
        "domain_in_use",
        `${mailboxes} ${mailboxes === 1 ? "mailbox lives" : "mailboxes live"} in this domain.`,
        { hint: "Delete them first." },
      );
    const view = await viewOf(context, tx, row, log);
    const records = noRecords();
    const keepUntil = new Date(context.now().getTime() + keepRetired);
    for (const { key_id, status } of view.keys) {
      if (status !== "active" && status !== "pending") continue;
      // What signed mail that may be under way still verifies it.
      const change =
        status === "active"
          ? ({ status: "retired", expires_at: keepUntil } as const)
          : ({ status: "revoked", expires_at: null } as const);
      await updateSigningKey(tx, key_id, change);
      const data = { domain: row.name, keep_until: change.expires_at?.toISOString() ?? null };
      records.entries.push(
        makeEntry(context, `signing_key.${change.status}`, actor, { resource: key_id }, data).row,
      );
    }
    const about = { resource: domainId };
    records.entries.push(
      makeEntry(context, "domain.deleted", actor, about, { name: row.name }).row,
    );
    await deleteDue(tx, "verify_domain", [domainId]);
    await deleteDomain(tx, domainId);
    await appendRecords(tx, records);
    return view;
  });
  context.keyring.forget(actor.operator_id);
  context.wake.sequence();
  return gone;
}

/** Sets how mail to the domain is to be protected on its way (MTA-STS). */
export async function changeDomain(
  context: EngineContext,
  actor: Actor,
  domainId: string,
  stsMode: StsMode,
): Promise<DomainView> {
  assertUnbound(actor);
  const log = await logKeyOf(context, actor.operator_id);
  const changed = await context.database.transaction(actor.operator_id, async (tx) => {
    const row = await getDomain(tx, { domain_id: domainId }, true);
    if (!row) throw noSuchDomain();
    assertLive(actor);
    if (row.sts_mode !== stsMode) {
      await updateDomain(tx, domainId, { sts_mode: stsMode });
      const data = { name: row.name, mta_sts: stsMode, from: row.sts_mode };
      const entry = makeEntry(context, "domain.changed", actor, { resource: domainId }, data);
      await appendRecords(tx, { ...noRecords(), entries: [entry.row] });
    }
    return viewOf(context, tx, { ...row, sts_mode: stsMode }, log);
  });
  context.wake.sequence();
  return changed;
}

/**
 * Makes the next pair of DKIM keys. The old ones sign until DNS shows the new ones. Asked again before that, it answers with the
 * pair that waits. Throws `not_found`, `domain_not_verified`.
 */
export async function rotateDkim(
  context: EngineContext,
  actor: Actor,
  domainId: string,
): Promise<DomainView> {
  const { operator_id } = actor;
  const before = await findDomain(context, actor, domainId);
  assertLive(actor);
  if (before.row.verified_at === null)
    throw new Refusal(
      "domain_not_verified",
      "Its first keys are not in use yet: verify the domain.",
    );
  const waits = ({ status, algorithm }: SigningKeyRow): boolean =>
    status === "pending" && algorithm === "rsa2048";
  if (before.keys.some(waits)) return before;
  const { name } = before.row;
  const log = await logKeyOf(context, operator_id);
  const now = context.now();
  const prepared = await context.keyring.prepareDkim(operator_id, name, now, context.new_id);
  const view = await context.database.transaction(operator_id, async (tx) => {
    const row = await getDomain(tx, { domain_id: domainId }, true);
    if (!row) throw noSuchDomain();
    const waiting = (await listDomainKeys(tx, name)).filter(({ status }) => status === "pending");
    // An Ed25519 key that DNS never showed is not the next pair: it goes with the old one.
    if (!waiting.some(waits)) {
      const records = noRecords();
      const entry = (type: string, resource: string, data: Record<string, unknown>): void =>
        void records.entries.push(makeEntry(context, type, actor, { resource }, data).row);
      for (const { key_id } of waiting) {
        await updateSigningKey(tx, key_id, { status: "revoked", expires_at: null });
        entry("signing_key.revoked", key_id, { domain: name });
      }
      for (const { row: key, created } of prepared) {
        await insertSigningKey(tx, key);
        entry("signing_key.created", created.key_id, { ...created, domain: name });
      }
      await putDue(tx, "verify_domain", [
        { message_id: domainId, at: new Date(now.getTime() + firstLook) },
      ]);
      await appendRecords(tx, records);
    }
    return viewOf(context, tx, row, log);
  });
  context.wake.sequence();
  return view;
}

/** The MTA-STS policy to serve to whoever asks under this host name; null for names that are none of ours. */
export async function stsPolicyFor(context: EngineContext, host: string): Promise<string | null> {
  const match = /^mta-sts\.([a-z0-9.-]{3,253})$/.exec(host.toLowerCase().replace(/\.$/, ""));
  if (!match) return null;
  const mode = await stsModeOf(context.database, match[1] ?? "");
  return mode && stsPolicy(mode, context.domains.host.smtp_name);
}

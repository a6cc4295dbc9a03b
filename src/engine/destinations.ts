/** The queue by destination: looking at it, holding mail for a domain back, letting it go on, and trying it now. */
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { asciiDomain } from "../mail/route.ts";
import type { Tx } from "../store/database.ts";
import {
  type PauseRow,
  type QueuedDestination,
  deletePause,
  flushQueue,
  holdForDestinations,
  holdForRoom,
  insertPause,
  listAllPauses,
  listDestinations,
  listPauses,
  lockPause,
} from "../store/destinations.ts";
import type { Claim } from "../store/due.ts";
import { appendRecords } from "../store/records.ts";
import { listSuppressions } from "../store/suppressions.ts";
import { domainOf } from "./addresses.ts";
import { readMailbox } from "./composition.ts";
import type { EngineContext } from "./context.ts";
import { formsOf } from "./erased-people.ts";
import { liveThing } from "./credentials.ts";
import { commitTo, entryActor, makeEntry, sealOpenings } from "./record.ts";

/** What a node knew of pauses this many milliseconds ago it asks again. */
const freshFor = 1000;

/** What is held is looked at again after this many milliseconds, or as soon as its destination goes on. */
const heldFor = 3_600_000;

/** A queue that had no room is believed to be full for so many milliseconds: longer, and a quick destination would be waited for. */
const fullFor = 2000;

/** What waits for room comes due again after so many milliseconds, up to twice as many, so that not all of it does at once. */
const roomAfter = 30_000;

/** A destination with its pause. */
export type Destination = QueuedDestination & { pause: PauseRow | null };

/** Everything that operations and the delivery worker do with destinations. */
export function destinationCalls(context: EngineContext) {
  const pauses = createPauses(context);
  /** Domains whose queue at this node was full, and until when that is believed. */
  const full = new Map<string, number>();
  const changed = <T>(change: Promise<T>): Promise<T> => change.finally(pauses.forget);
  return {
    findDestinations: (
      actor: Actor,
      filter: { domain?: string | undefined; limit: number },
    ): Promise<Destination[]> => findDestinations(context, actor, filter),
    pauseDestination: (actor: Actor, domain: string, reason: string | null) =>
      changed(pauseDestination(context, actor, domain, reason)),
    resumeDestination: (actor: Actor, domain: string) =>
      changed(resumeDestination(context, actor, domain)),
    flushDestination: (actor: Actor, domain: string) => flushDestination(context, actor, domain),
    addressStanding: (actor: Actor, address: string) => addressStanding(context, actor, address),
    /** True where mail to the address is held back now; what was decided more than a second ago is known. */
    isPaused: async (operatorId: string, address: string): Promise<boolean> => {
      const holds = async (): Promise<boolean> =>
        (await pauses.known()).get(operatorId)?.has(domainOf(address)) === true;
      if (!(await holds())) return false;
      // It may have been let go on a moment ago: then its mail must not wait for its next turn.
      pauses.forget();
      return holds();
    },
    /** Says that there is no room in the queue to the address's destination. */
    noteFull: (address: string): void => {
      full.set(domainOf(address), context.now().getTime() + fullFor);
    },
    /** Puts back what was claimed only for destinations that are paused, or whose queue is full; answers the rest. */
    holdPaused: async (operatorId: string, claims: readonly Claim[]): Promise<readonly Claim[]> => {
      const now = context.now();
      for (const [domain, until] of full) if (until <= now.getTime()) full.delete(domain);
      const isPaused = (await pauses.known()).has(operatorId);
      if (!isPaused && full.size === 0) return claims;
      const later = (milliseconds: number): Date => new Date(now.getTime() + milliseconds);
      const spread = 1 + context.random(1).readUInt8() / 256;
      const room = { domains: [...full.keys()], now, at: later(roomAfter * spread) };
      return context.database.transaction(operatorId, async (tx) => {
        const paused = isPaused ? await holdForDestinations(tx, claims, later(heldFor)) : [];
        const rest = claims.filter((claim) => !paused.includes(claim.message_id));
        const waits = full.size > 0 ? await holdForRoom(tx, rest, room) : [];
        return rest.filter((claim) => !waits.includes(claim.message_id));
      });
    },
  };
}

/** What is paused, as workers ask it. */
type Pauses = {
  /** Domains by operator. Those who ask within a second share one answer. */
  known(): Promise<ReadonlyMap<string, ReadonlySet<string>>>;
  /** The next one to ask is answered by the database. */
  forget(): void;
};

function createPauses({ database }: Pick<EngineContext, "database">): Pauses {
  let last: { asked: number; answer: ReturnType<Pauses["known"]> } | null = null;
  const ask = async (): ReturnType<Pauses["known"]> => {
    const all = new Map<string, Set<string>>();
    for (const { operator_id, domain } of await listAllPauses(database))
      all.set(operator_id, (all.get(operator_id) ?? new Set()).add(domain));
    return all;
  };
  return {
    known() {
      const now = performance.now();
      if (last && now - last.asked <= freshFor) return last.answer;
      const asked = { asked: now, answer: ask() };
      last = asked;
      // A failure is told to those who wait, and the next one asks anew.
      asked.answer.catch(() => {
        if (last === asked) last = null;
      });
      return asked.answer;
    },
    forget() {
      last = null;
    },
  };
}

async function findDestinations(
  context: EngineContext,
  actor: Actor,
  filter: { domain?: string | undefined; limit: number },
): Promise<Destination[]> {
  assertWhole(actor);
  const domain = filter.domain === undefined ? null : readDomain(filter.domain);
  return context.database.as(actor.operator_id, async (tx) => {
    const [rows, pauses] = await Promise.all([
      listDestinations(tx, { domain, limit: filter.limit }),
      listPauses(tx),
    ]);
    const byDomain = new Map(pauses.map((pause) => [pause.domain, pause]));
    return rows.map((row) => ({ ...row, pause: byDomain.get(row.domain) ?? null }));
  });
}

/** Holds mail to a domain back. Pausing a paused one changes nothing. Throws `validation_failed`, `scope_required`, `test_key`. */
async function pauseDestination(
  context: EngineContext,
  actor: Actor,
  text: string,
  reason: string | null,
): Promise<Destination> {
  return change(context, actor, text, async (tx, domain) => {
    const { kind, id } = entryActor(actor);
    const pause = { domain, reason, paused_by: `${kind}:${id}`, paused_at: context.now() };
    if (await insertPause(tx, pause))
      await record(context, tx, "destination.paused", actor, { domain, reason: reason ?? "" });
  });
}

/** Lets mail to a domain go on; what was held is due at once. Throws as {@link pauseDestination}. */
async function resumeDestination(
  context: EngineContext,
  actor: Actor,
  text: string,
): Promise<Destination> {
  const after = await change(context, actor, text, async (tx, domain) => {
    // Waits for those who are just holding mail by it, so that nothing is held by a pause that is gone.
    if (!(await lockPause(tx, domain))) return;
    await deletePause(tx, domain, context.now());
    await record(context, tx, "destination.resumed", actor, { domain });
  });
  context.wake.deliver();
  return after;
}

/** Tries what waits for a domain now, unless it is paused; answers how many messages. Throws as {@link pauseDestination}. */
async function flushDestination(
  context: EngineContext,
  actor: Actor,
  text: string,
): Promise<Destination & { flushed: number }> {
  let flushed = 0;
  const after = await change(context, actor, text, async (tx, domain) => {
    flushed = await flushQueue(tx, domain, context.now());
    if (flushed > 0) await record(context, tx, "destination.flushed", actor, { domain });
  });
  context.wake.deliver();
  return { ...after, flushed };
}

async function change(
  context: EngineContext,
  actor: Actor,
  text: string,
  write: (tx: Tx, domain: string) => Promise<void>,
): Promise<Destination> {
  assertWhole(actor);
  if (actor.test) throw liveThing("A test key changes no queues: they hold live mail.");
  const domain = readDomain(text);
  const after = await context.database.transaction(actor.operator_id, async (tx) => {
    await write(tx, domain);
    const [row] = await listDestinations(tx, { domain, limit: 1 });
    const pause = (await listPauses(tx)).find((one) => one.domain === domain) ?? null;
    return { ...(row ?? emptyOf(domain)), pause };
  });
  context.wake.sequence();
  return after;
}

function emptyOf(domain: string): QueuedDestination {
  return { domain, waiting: 0, oldest_at: null, next_attempt_at: null, last_receipt: null };
}

/** What of ours stands between an address and its mail. Throws `validation_failed`. */
async function addressStanding(
  context: EngineContext,
  actor: Actor,
  text: string,
): Promise<{ address: string; domain: string; paused_at: Date | null; suppressed: boolean }> {
  assertWhole(actor);
  const { address } = readMailbox(text, "address");
  const domain = domainOf(address);
  return context.database.as(actor.operator_id, async (tx) => {
    const [pauses, suppressions] = await Promise.all([
      listPauses(tx),
      listSuppressions(tx, {
        mailbox_ids: actor.mailbox_ids,
        addresses: formsOf(context, tx, address.toLowerCase()),
        limit: 1000,
      }),
    ]);
    const now = context.now();
    const suppressed = suppressions.some(
      ({ mailbox_id, expires_at }) =>
        mailbox_id === "" && (expires_at === null || expires_at > now),
    );
    const pause = pauses.find((one) => one.domain === domain);
    return { address, domain, paused_at: pause?.paused_at ?? null, suppressed };
  });
}

/** A domain in A-labels, or an address literal, as recipients have it. */
function readDomain(text: string): string {
  const literal = /^\[[0-9a-z:.]{2,64}\]$/i.test(text) ? text.toLowerCase() : null;
  const domain = literal ?? asciiDomain(text);
  if (domain === null)
    throw new Refusal("validation_failed", "domain: is no domain of recipients.", {
      field: "domain",
      hint: "Give what stands behind the @, such as example.com.",
    });
  return domain.toLowerCase();
}

/** The queue is that of all mailboxes. */
function assertWhole(actor: Actor): void {
  if (actor.mailbox_ids !== null)
    throw new Refusal(
      "scope_required",
      "A key that is bound to mailboxes does not see the queue of all of them.",
    );
}

/** Domains of recipients may speak of people: the log holds commitments. */
async function record(
  context: EngineContext,
  tx: Tx,
  type: string,
  actor: Actor,
  words: Readonly<Record<string, string>>,
): Promise<void> {
  const openings = Object.entries(words).map(([field, text]) =>
    commitTo(context.random, field, text),
  );
  const { kind, id } = entryActor(actor);
  const subject = await context.subjects.within(tx, `${kind}:${id}`);
  const data = Object.fromEntries(openings.map(({ field, c }) => [field, c]));
  const entry = makeEntry(context, type, actor, { resource: tx.operator_id }, data);
  await appendRecords(tx, {
    entries: [entry.row],
    openings: [sealOpenings(entry.row.entry_id, subject, openings, context.random)],
    events: [],
  });
}

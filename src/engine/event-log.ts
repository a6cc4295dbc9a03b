/** The event log as callers read it: pages behind a cursor, and a stream that goes on. Each sees what its wall lets through. */
import type { Actor } from "../core/actor.ts";
import { typesOf } from "../core/event-types.ts";
import { firstIdAt } from "../core/id.ts";
import { seesWithheld } from "../core/inbound-status.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import {
  type EventFilter,
  type PublishedEvent,
  eventBounds,
  positionFrom,
  readEvents,
} from "../store/events.ts";
import type { EngineContext } from "./context.ts";
import type { EventWatch } from "./event-watch.ts";
import { invalidCursor } from "./paging.ts";

/** What a reader asks for. Names of types are in either spelling, or families. */
export type EventRequest = {
  types?: readonly string[] | undefined;
  mailbox_id?: string | undefined;
  thread_id?: string | undefined;
  email_id?: string | undefined;
  since?: Date | undefined;
  cursor?: string | undefined;
};

/** An event and the cursor behind it. */
export type EventView = PublishedEvent & { cursor: string };

/** A page, oldest first. `cursor` is where to go on, also when there is no more yet; `next_cursor` is null then. */
export type EventPage = { rows: EventView[]; cursor: string; next_cursor: string | null };

/** A position as callers are given it. */
export function eventCursor(position: number): string {
  return Buffer.from(`event:${position}`).toString("base64url");
}

/** The position behind a cursor; throws `invalid_cursor` also where the log does not go back so far, or never went so far. */
export async function positionBehind(tx: Tx, cursor: string): Promise<number> {
  const [, digits] =
    /^event:(\d{1,15})$/.exec(Buffer.from(cursor, "base64url").toString("latin1")) ?? [];
  if (digits === undefined) throw invalidCursor();
  const after = Number(digits);
  const { position: head, pruned } = await eventBounds(tx);
  if (after >= pruned && after <= head) return after;
  throw new Refusal("invalid_cursor", "cursor: what comes behind it is no longer there.", {
    field: "cursor",
    hint: "Events are kept for 30 days. Begin again without a cursor, or from a time or an email that you know.",
  });
}

function filterOf(actor: Actor, request: EventRequest): EventFilter {
  return {
    mailbox_ids: request.mailbox_id === undefined ? actor.mailbox_ids : [request.mailbox_id],
    types: request.types === undefined ? null : typesOf(request.types),
    // What is held is not for agents to know of, as with the mail itself.
    withheld: seesWithheld(actor),
    thread_id: request.thread_id ?? null,
    message_id: request.email_id ?? null,
    since: request.since ?? null,
  };
}

/** Where reading begins: behind the cursor, at a time, else at `otherwise` of the log. */
async function beginning(
  tx: Tx,
  request: EventRequest,
  otherwise: "start" | "end",
): Promise<number> {
  if (request.cursor !== undefined) return positionBehind(tx, request.cursor);
  const { position: head, pruned } = await eventBounds(tx);
  if (request.since !== undefined) {
    const from = await positionFrom(tx, firstIdAt(Math.max(0, request.since.getTime())));
    return Math.max(pruned, from ?? head);
  }
  return otherwise === "start" ? pruned : head;
}

/** One page of the log. Throws `invalid_cursor`. */
export function readEventLog(
  context: EngineContext,
  actor: Actor,
  request: EventRequest,
  limit: number,
): Promise<EventPage> {
  return context.database.as(actor.operator_id, async (tx) => {
    const after = await beginning(tx, request, "start");
    const { position: head } = await eventBounds(tx);
    const { rows, reached } = await readEvents(tx, after, head, filterOf(actor, request), limit);
    const cursor = eventCursor(reached);
    return {
      rows: rows.map((row) => ({ ...row, cursor: eventCursor(row.position) })),
      cursor,
      next_cursor: reached < head ? cursor : null,
    };
  });
}

/** Milliseconds between two looks at whether the credential still stands, and between two signs of life. */
const recheck = 2000;
const heartbeat = 15_000;

/** Events that one look brings. */
const page = 200;

/** Streams of one credential, and of all, on a node. */
export const maxStreams = { credential: 10, all: 1000 };

/** What a stream is given. */
export type EventStream = {
  /** Finds out anew who calls; null ends the stream. */
  reauthenticate(): Promise<Actor | null>;
  signal: AbortSignal | undefined;
  /** Milliseconds after which it ends. */
  milliseconds: number;
};

/** A stream's next piece: events, or where it has got to with none. */
export type StreamPiece = { rows: EventView[]; cursor: string };

/** Streams of a node. */
export function createEventStreams(context: EngineContext, watch: EventWatch) {
  const open = new Map<string, number>();

  async function* run(actor: Actor, request: EventRequest, from: number, how: EventStream) {
    const { credential_id: id } = actor;
    open.set(id, (open.get(id) ?? 0) + 1);
    try {
      yield* follow(context, watch, actor, request, from, how);
    } finally {
      const left = (open.get(id) ?? 1) - 1;
      if (left > 0) open.set(id, left);
      else open.delete(id);
    }
  }

  /** Opens a stream behind the cursor, or from now on. Throws `invalid_cursor`, and `rate_limited` where too many are open. */
  return async (
    actor: Actor,
    request: EventRequest,
    how: EventStream,
  ): Promise<AsyncGenerator<StreamPiece>> => {
    const all = [...open.values()].reduce((sum, n) => sum + n, 0);
    if ((open.get(actor.credential_id) ?? 0) >= maxStreams.credential || all >= maxStreams.all)
      throw new Refusal("rate_limited", "Too many streams are open already.", {
        hint: `A credential may have ${maxStreams.credential} open at a time on a node.`,
        retry_after: 5,
      });
    const from = await context.database.as(actor.operator_id, (tx) =>
      beginning(tx, request, "end"),
    );
    return run(actor, request, from, how);
  };
}

async function* follow(
  context: EngineContext,
  watch: EventWatch,
  opener: Actor,
  request: EventRequest,
  from: number,
  { reauthenticate, signal, milliseconds }: EventStream,
): AsyncGenerator<StreamPiece> {
  const ends = performance.now() + milliseconds;
  let actor = opener;
  let position = from;
  let checked = performance.now();
  let said = -Infinity;
  for (;;) {
    if (signal?.aborted === true || watch.closed.aborted) return;
    if (performance.now() - checked >= recheck) {
      const still = await reauthenticate();
      if (still === null || !isSame(opener, still, request)) return;
      actor = still;
      checked = performance.now();
    }
    const { rows, reached, head } = await context.database.as(actor.operator_id, async (tx) => {
      const { position: to } = await eventBounds(tx);
      return { ...(await readEvents(tx, position, to, filterOf(actor, request), page)), head: to };
    });
    position = reached;
    if (rows.length > 0 || performance.now() - said >= heartbeat) {
      said = performance.now();
      const views = rows.map((row) => ({ ...row, cursor: eventCursor(row.position) }));
      yield { rows: views, cursor: eventCursor(position) };
    }
    if (position < head) continue;
    const left = ends - performance.now();
    if (left <= 0) return;
    await watch.behind(actor.operator_id, position, Math.min(left, recheck), signal);
  }
}

/** The same caller, still allowed to read what was asked for. */
function isSame(before: Actor, now: Actor, request: EventRequest): boolean {
  return (
    now.operator_id === before.operator_id &&
    now.credential_id === before.credential_id &&
    (now.scopes.includes("read") || now.scopes.includes("admin")) &&
    (request.mailbox_id === undefined ||
      now.mailbox_ids === null ||
      now.mailbox_ids.includes(request.mailbox_id))
  );
}

/** `list_events`, `stream_events`: what happened, read from a cursor, once or as it goes on. */
import { z } from "zod";
import { eventStream, stream } from "../../contract/operation.ts";
import { id, page, time } from "../../contract/resources.ts";
import { loggedEvent } from "../../contract/webhooks.ts";
import { eventNames, ownSpelling } from "../../core/event-types.ts";
import type { Engine } from "../../engine/engine.ts";
import { operation } from "../context.ts";

type EventView = Awaited<ReturnType<Engine["readEventLog"]>>["rows"][number];

const filters = {
  type: z
    .string()
    .max(1000)
    .refine(
      (list) => list.split(",").every((name) => eventNames.has(name)),
      "must be names of events, with commas, such as message.received,oversight.*",
    )
    .optional()
    .describe("Only these: names or families such as message.*, with commas"),
  mailbox_id: id.optional(),
  thread_id: z.string().min(1).max(200).optional(),
  email_id: id.optional().describe("Of one email"),
  since: time.optional().describe("From then on, where no cursor is given"),
};

/** A type is shown in the spelling in which it was asked for by name. */
function eventOf(view: EventView, types: readonly string[]): z.infer<typeof loggedEvent> {
  const asked = types.find((name) => !name.endsWith("*") && ownSpelling(name) === view.type);
  const type = asked ?? view.type;
  return {
    id: view.event_id,
    type,
    event: type,
    cursor: view.cursor,
    timestamp: view.at.toISOString(),
    mailbox_id: view.mailbox_id,
    email_id: view.message_id,
    thread_id: view.thread_id,
    data: view.data,
  };
}

type Filters = { [K in keyof typeof filters | "cursor"]?: string | undefined };

function requestOf({ type, since, ...rest }: Filters) {
  const types = type?.split(",") ?? [];
  const { mailbox_id, thread_id, email_id, cursor } = rest;
  return {
    types,
    request: {
      mailbox_id,
      thread_id,
      email_id,
      cursor,
      types: types.length === 0 ? undefined : types,
      since: since === undefined ? undefined : new Date(since),
    },
  };
}

export const listEvents = operation({
  name: "list_events",
  tag: "events",
  summary: "List events",
  description:
    "The event log, oldest first, in an order in which nothing appears behind a cursor later. Keep cursor and call again with it to go on; next_cursor is null where there is no more yet. A page may hold fewer events than its limit, or none, and still have a next_cursor. Kept for 30 days. A key bound to mailboxes sees theirs.",
  method: "GET",
  path: "/v1/events",
  effect: "read",
  access: "read",
  input: z.strictObject({ ...filters, limit: page.limit, cursor: page.cursor }),
  output: z.object({
    events: z.array(loggedEvent),
    cursor: z.string().describe("Where to go on, also when there is no more yet"),
    next_cursor: z.string().nullable(),
  }),
  status: 200,
  refusals: ["validation_failed", "not_found", "invalid_cursor"],
  tool: false,
  cli: { command: "events" },
  async handle({ engine, read, actor }, { limit, ...input }) {
    if (input.mailbox_id !== undefined) await read.mailbox(actor, input.mailbox_id);
    const { types, request } = requestOf(input);
    const { rows, cursor, next_cursor } = await engine.readEventLog(actor, request, limit);
    return { events: rows.map((row) => eventOf(row, types)), cursor, next_cursor };
  },
});

export const streamEvents = operation({
  name: "stream_events",
  tag: "events",
  summary: "Follow events",
  description:
    "Events as they happen (server-sent events): id is a cursor, event the type, data the event as JSON. It begins now, behind cursor, or behind Last-Event-ID, as browsers send it when they connect again. A comment comes every 15 seconds. It ends after an hour, when the node stops and when the key is revoked: connect again.",
  method: "GET",
  path: "/v1/events/stream",
  effect: "read",
  access: "read",
  input: z.strictObject({
    ...filters,
    cursor: page.cursor,
    timeout_seconds: z
      .int()
      .min(0)
      .max(3600)
      .default(3600)
      .describe("Seconds after which the stream ends"),
  }),
  output: { content_type: eventStream },
  status: 200,
  refusals: ["validation_failed", "not_found", "invalid_cursor", "rate_limited"],
  tool: false,
  async handle({ engine, read, actor, meta }, { timeout_seconds, ...input }) {
    if (input.mailbox_id !== undefined) await read.mailbox(actor, input.mailbox_id);
    // What the browser has seen last counts for more than the address that it began with.
    const { types, request } = requestOf({ ...input, cursor: meta.last_event_id ?? input.cursor });
    const pieces = await engine.streamEvents(actor, request, {
      reauthenticate: meta.reauthenticate ?? (() => Promise.resolve(actor)),
      signal: meta.signal,
      milliseconds: timeout_seconds * 1000,
    });
    return stream(eventStream, framed(pieces, types));
  },
});

/** Milliseconds after which a browser connects again. */
const reconnect = 2000;

async function* framed(
  pieces: Awaited<ReturnType<Engine["streamEvents"]>>,
  types: readonly string[],
): AsyncGenerator<string> {
  yield `retry: ${reconnect}\n\n`;
  for await (const { rows, cursor } of pieces)
    // Without events the id moves on too, so that nothing is looked through twice.
    yield rows.length === 0
      ? `id: ${cursor}\n: still here\n\n`
      : rows
          .map((row) => eventOf(row, types))
          .map(
            (event) =>
              `id: ${event.cursor}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
          )
          .join("");
}

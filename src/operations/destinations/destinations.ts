/** The queue by destination: `list_destinations`, and pausing, resuming and flushing one. */
import { z } from "zod";
import { time } from "../../contract/resources.ts";
import type { Destination } from "../../engine/destinations.ts";
import { operation } from "../context.ts";

const domain = z.string().min(1).max(255).describe("What stands behind the @, such as example.com");

const destination = z.object({
  domain: z.string(),
  waiting: z.int().describe("Copies that wait, one a recipient"),
  oldest_at: time.nullable().describe("Since when the oldest of them is tried or could be"),
  next_attempt_at: time.nullable().describe("When the next of them is due"),
  last_reply: z.string().nullable().describe("What was heard last for one of them"),
  last_host: z.string().nullable(),
  last_at: time.nullable(),
  paused: z.boolean(),
  paused_at: time.nullable(),
  paused_by: z.string().nullable().describe("`person:` or `api_key:` and the id"),
  paused_reason: z.string().nullable(),
  avoided: z
    .array(z.object({ address: z.string(), until: time }))
    .describe("Addresses that the answering node does not dial until then: they did not answer"),
});

type Avoided = { key: string; until: Date }[];

function viewOf(
  { pause, last_receipt, ...row }: Destination,
  avoided: Avoided = [],
): z.input<typeof destination> {
  const { code, reply } = last_receipt ?? { code: null, reply: null };
  return {
    domain: row.domain,
    waiting: row.waiting,
    oldest_at: row.oldest_at?.toISOString() ?? null,
    next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
    last_reply: code === null ? reply : `${code} ${reply}`,
    last_host: last_receipt?.host ?? null,
    last_at: last_receipt?.at ?? null,
    paused: pause !== null,
    paused_at: pause?.paused_at.toISOString() ?? null,
    paused_by: pause?.paused_by ?? null,
    paused_reason: pause?.reason ?? null,
    avoided: avoided.map(({ key, until }) => ({ address: key, until: until.toISOString() })),
  };
}

export const listDestinations = operation({
  name: "list_destinations",
  tag: "destinations",
  summary: "List the queue by destination",
  description:
    "The domains for which mail waits, most mail first, and all paused ones: how much, since when, what was heard last, and which addresses are not dialled for a while.",
  method: "GET",
  path: "/v1/destinations",
  effect: "read",
  access: "admin",
  input: z.strictObject({
    domain: domain.optional(),
    limit: z.int().min(1).max(500).default(100),
  }),
  output: z.object({ destinations: z.array(destination) }),
  status: 200,
  refusals: ["validation_failed", "scope_required"],
  tool: false,
  cli: { command: "destinations" },
  async handle({ engine, actor, instance }, input) {
    const rows = await engine.findDestinations(actor, input);
    const avoided = instance.routes.avoided();
    return { destinations: rows.map((row) => viewOf(row, avoided.get(row.domain))) };
  },
});

export const pauseDestination = operation({
  name: "pause_destination",
  tag: "destinations",
  summary: "Pause a destination",
  description:
    "Holds all mail of the operator to a domain back, on every node and over restarts, until resume_destination. Mail that is on the wire already is not called back. Pausing again changes nothing.",
  method: "POST",
  path: "/v1/destinations/{domain}/pause",
  effect: "write",
  access: "admin",
  input: z.strictObject({
    domain,
    reason: z.string().max(500).optional().describe("For the people who will look into it"),
  }),
  output: destination,
  status: 200,
  refusals: ["validation_failed", "scope_required", "test_key"],
  tool: false,
  cli: { command: "pause-destination", positional: ["domain"] },
  handle: async ({ engine, actor }, input) =>
    viewOf(await engine.pauseDestination(actor, input.domain, input.reason ?? null)),
});

export const resumeDestination = operation({
  name: "resume_destination",
  tag: "destinations",
  summary: "Let a destination go on",
  description:
    "Ends a pause; what was held is tried at once. The time in which a message is tried went on meanwhile: one that had been tried before and is too old by now gets one attempt more.",
  method: "POST",
  path: "/v1/destinations/{domain}/resume",
  effect: "send",
  access: "admin",
  input: z.strictObject({ domain }),
  output: destination,
  status: 200,
  refusals: ["validation_failed", "scope_required", "test_key"],
  tool: false,
  cli: { command: "resume-destination", positional: ["domain"] },
  handle: async ({ engine, actor }, input) =>
    viewOf(await engine.resumeDestination(actor, input.domain)),
});

export const flushDestination = operation({
  name: "flush_destination",
  tag: "destinations",
  summary: "Try a destination now",
  description:
    "Makes all mail that waits for a domain due now, whatever the retry schedule says. A paused destination stays paused. What has failed for good is sent again with resend_email.",
  method: "POST",
  path: "/v1/destinations/{domain}/flush",
  effect: "send",
  access: "admin",
  input: z.strictObject({ domain }),
  output: destination.extend({ flushed: z.int().describe("Messages that were made due") }),
  status: 200,
  refusals: ["validation_failed", "scope_required", "test_key"],
  tool: false,
  cli: { command: "flush-destination", positional: ["domain"] },
  async handle({ engine, actor }, input) {
    const { flushed, ...row } = await engine.flushDestination(actor, input.domain);
    return { ...viewOf(row), flushed };
  },
});

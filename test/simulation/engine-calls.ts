/** How simulations call the engine: what to send, what to claim, and what a transport would report. */
import { Refusal } from "../../src/core/refusal.ts";
import type { Outgoing } from "../../src/engine/signing.ts";
import { type Outcome, lease } from "./engine-model.ts";
import type { Box, World } from "./engine-world.ts";

/** A message to send from the mailbox. */
export const draftOf = (box: Box, to: string[]) => ({
  mailbox_id: box.mailbox_id,
  to,
  cc: [],
  bcc: [],
  subject: "Hello",
  markdown: "A message.",
  attachments: [],
  tags: {},
  metadata: {},
});

/** The code of a refusal, or null; anything else that is thrown fails the test. */
export async function refusalOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

/** What comes due of the kind now, claimed as a worker would. */
export const claim = (world: World, kind: "deliver" | "release" | "expire", held = lease) =>
  world.queue.claim(kind, {
    now: new Date(world.clock.now),
    lease_until: new Date(world.clock.now + held),
    node: "here",
    limit: 50,
  });

/** The result of an attempt, as a transport would report it. */
export const resultOf = (
  world: World,
  sent: Outgoing,
  outcomes: ReadonlyMap<number, Outcome>,
  final_hop: boolean,
) => ({
  operator_id: sent.operator_id,
  message_id: sent.message_id,
  token: sent.token,
  attempt: sent.attempt,
  final_hop,
  recipients: sent.recipients.map(({ position }) => ({
    position,
    receipt: {
      at: new Date(world.clock.now).toISOString(),
      host: null,
      address: null,
      code: null,
      enhanced_status_code: null,
      reply: "as drawn",
      tls: null,
      outcome: outcomes.get(position) ?? "unknown",
    },
  })),
});

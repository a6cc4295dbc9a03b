/** One attempt: copies are signed when they are asked for, answers are recorded as they come, and what was not tried is no attempt. */
import { expect, it, vi } from "vitest";
import type { Engine } from "../engine/engine.ts";
import type { Queue } from "../engine/queue.ts";
import type { AttemptResult } from "../engine/result-outcome.ts";
import type { Outgoing } from "../engine/signing.ts";
import type { OutgoingMessage } from "../mail/smtp-client.ts";
import { type FailureReason, type SendResult, ownReply } from "../mail/smtp-result.ts";
import { deliver } from "./attempt.ts";

/** A transport whose answers the test gives, and an engine that remembers what it is told. */
function scene(people: number) {
  const asked: { message: OutgoingMessage; answer: (result: SendResult) => void }[] = [];
  const recorded: AttemptResult[] = [];
  const full: string[] = [];
  let signed = 0;
  const engine = {
    isPaused: () => Promise.resolve(false),
    assertSignable: () => Promise.resolve(),
    returnPath: () => "back@a.test",
    mayBegin: () => Promise.resolve(true),
    noteFull: (address: string) => full.push(address),
    sign: () => Promise.resolve(Buffer.alloc(++signed)),
    recordResult: (result: AttemptResult) => {
      recorded.push(structuredClone(result));
      return Promise.resolve(true);
    },
  };
  const message = {
    message_id: "m",
    operator_id: "o",
    token: "1",
    attempt: 1,
    expires_at: null,
    recipients: Array.from({ length: people }, (_, position) => ({
      position,
      address: `p${position}@b.test`,
    })),
  };
  const done = deliver(
    {
      engine: engine as unknown as Engine,
      queue: { isAway: () => false } as unknown as Queue,
      driver: {
        transport: {
          send: (one) => new Promise((answer) => asked.push({ message: one, answer })),
          close: () => Promise.resolve(),
        },
        final_hop: false,
      },
      now: () => new Date(),
      log: { warn: () => undefined, error: () => undefined },
    },
    message as unknown as Outgoing,
    new AbortController().signal,
  );
  return { asked, recorded, full, done, signed: () => signed };
}

function answer(reason: FailureReason | null): SendResult {
  const reply = reason ? ownReply(reason, "no") : { code: 250, enhanced: "2.0.0", text: "ok" };
  const outcome = reason ? "temporary" : "accepted";
  return {
    recipients: [{ address: "", outcome, reply, stage: "message", reason }],
    connection: { host: "b.test", address: null, port: 25, tls: null, at: "" },
  };
}

const positions = ({ recipients }: AttemptResult): number[] =>
  recipients.map(({ position }) => position);

it("fifty copies that wait for a connection are signed by nobody yet", async () => {
  const { asked, done, signed } = scene(50);
  await vi.waitFor(() => expect(asked).toHaveLength(50));
  expect(signed()).toBe(0);
  const { data } = asked[0]!.message;
  expect(typeof data === "function" && (await data())).toHaveLength(1);
  expect(signed()).toBe(1);
  for (const one of asked) one.answer(answer(null));
  await done;
});

it("who has answered is recorded while others hang; the last part ends the attempt and knows the earlier ones", async () => {
  const { asked, recorded, done } = scene(4);
  const parts = (many: number): Promise<void> =>
    vi.waitFor(() => expect(recorded).toHaveLength(many), { timeout: 30_000 });
  await vi.waitFor(() => expect(asked).toHaveLength(4));
  asked[2]!.answer(answer(null));
  asked[0]!.answer(answer(null));
  await parts(1);
  asked[3]!.answer(answer("timeout"));
  await parts(2);
  asked[1]!.answer(answer(null));
  await done;
  expect(recorded.map(positions)).toEqual([[2, 0], [3], [1]]);
  expect(recorded.map(({ more_follow }) => more_follow)).toEqual([true, true, undefined]);
  expect(recorded[2]!.told_before).toEqual([2, 0, 3]);
}, 90_000);

it("answers that come together are one record", async () => {
  const { asked, recorded, done } = scene(3);
  await vi.waitFor(() => expect(asked).toHaveLength(3));
  for (const one of asked) one.answer(answer(null));
  await done;
  expect(recorded.map(positions)).toEqual([[0, 1, 2]]);
});

it("a full queue and our own stop are no attempts, and of the former the engine is told", async () => {
  const { asked, recorded, full, done } = scene(3);
  await vi.waitFor(() => expect(asked).toHaveLength(3));
  for (const [i, reason] of (["congested", "transport_closed", "timeout"] as const).entries())
    asked[i]!.answer(answer(reason));
  await done;
  expect(recorded[0]!.recipients.map(({ again_after }) => again_after)).toEqual([
    30_000,
    0,
    undefined,
  ]);
  expect(full).toEqual(["p0@b.test"]);
});

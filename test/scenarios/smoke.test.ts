/** The shortest way through everything: what fails here makes the other scenarios pointless. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Running, postForm, run, signIn } from "./running.ts";

let running: Running;
beforeAll(async () => {
  running = await run();
});
afterAll(() => running.stop());

it("a gated message waits, is approved through the page, and is delivered to the catcher", async () => {
  const sent = await running.send({ to: ["Ada <ada@example.com>"] });
  expect(sent.status).toBe(202);
  expect(sent.body.status).toBe("pending_send_approval");
  const cookie = await signIn(running);
  const page = `/messages/${sent.body.id}`;
  const answer = await postForm(running, cookie, page, `${page}/decide`, {
    decision: "approve",
    digest: (await running.settled(sent.body.id, "pending_send_approval")).digest,
    reason: "fine",
  });
  expect(answer.status).toBe(303);
  const done = await running.settled(sent.body.id, "delivered");
  expect(done.decisions).toHaveLength(1);
}, 40_000);

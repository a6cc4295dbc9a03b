/** `verify_email` on mail that really left another mailbox: whole, changed on the way, and handed to somebody else. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SentOut, sentOut } from "./sent-out.ts";

let out: SentOut;
let second: { id: string; address: string };
beforeAll(async () => {
  out = await sentOut();
  const { running } = out;
  const address = { address: "second" };
  second = (await running.call(running.known.admin_key, "/v1/mailboxes", address)).body;
});
afterAll(() => out.stop());

/** Hands the bytes in to the second mailbox, and asks who sent them. */
async function verdict(subject: string, data: string): Promise<Record<string, unknown>> {
  const { running, mail } = out;
  const said = await mail.raw("bounce@example.com", second.address, data);
  if (!said.startsWith("250")) throw new Error(said);
  const { id } = await mail.received(subject, running.known.admin_key, second.id);
  const path = `/v1/mailboxes/${second.id}/emails/${id}/verify`;
  return (await running.call(running.known.admin_key, path)).body.identity;
}

test("the identity of mail from here holds for whom it was sent to, and says who answers for it", async () => {
  const [copy] = await out.send(second.address, { subject: "For the second" });
  const identity = await verdict("For the second", copy?.data ?? "");
  expect(identity).toMatchObject({
    verdict: "valid",
    operator: { name: expect.any(String) },
    oversight: "autonomous",
    approval: null,
  });
}, 60_000);

test("a changed body, and a copy that was somebody else's, are told apart from it", async () => {
  const [changed] = await out.send(second.address, {
    subject: "To be changed",
    markdown: "Pay 10",
  });
  const data = (changed?.data ?? "").replaceAll("Pay 10", "Pay 99");
  expect(data).not.toBe(changed?.data);
  expect(await verdict("To be changed", data)).toMatchObject({ verdict: "valid_modified" });
  const [theirs] = await out.send("ada@example.com", { subject: "For Ada" });
  expect(await verdict("For Ada", theirs?.data ?? "")).toMatchObject({
    verdict: "valid_not_for_you",
  });
}, 60_000);

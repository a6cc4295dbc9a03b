/** In a mode that forbids sending the send tools are not there: for every operation that sends, not for those somebody thought of. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { allOperations } from "../../src/operations/all.ts";
import { promise } from "../promises.ts";
import { toolNames } from "./mcp-tools.ts";
import { ownerKeys } from "./owner-keys.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

/** What makes mail leave from a mailbox, asked for by whoever may send. */
const sending = allOperations.filter(
  ({ effect, access, tool }) => tool && effect === "send" && access === "send",
);

test(promise("gate.read-only-tools"), async () => {
  const names = sending.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      "send_email",
      "reply_email",
      "schedule_email",
      "edit_scheduled_email",
      "send_draft",
      "resend_email",
    ]),
  );
  const keys = await ownerKeys(node);
  const made = await running.call(running.known.admin_key, "/v1/mailboxes", { address: "quiet" });
  const box: string = made.body.id;
  const { secret: key } = await keys.make(["read", "send"], { mailbox_ids: [box] });
  const { secret: both } = await keys.make(["read", "send"], {
    mailbox_ids: [box, running.known.mailbox_id],
  });
  expect(await toolNames(running.known.url, key)).toEqual(expect.arrayContaining(names));
  const lowered = await running.call(
    key,
    `/v1/mailboxes/${box}/configure`,
    { oversight_mode: "read_only" },
    { method: "PATCH" },
  );
  expect(lowered.status).toBe(200);
  const left = await toolNames(running.known.url, key);
  expect(left.filter((name) => names.includes(name))).toEqual([]);
  // The way out is there, and so is everything for a key with another mailbox.
  expect(left).toEqual(expect.arrayContaining(["request_upgrade", "apply_upgrade", "check_inbox"]));
  expect(await toolNames(running.known.url, both)).toEqual(expect.arrayContaining(names));
});

test("a mode that nobody knows hides them as well", async () => {
  const keys = await ownerKeys(node);
  const made = await running.call(running.known.admin_key, "/v1/mailboxes", { address: "odd" });
  const { secret: key } = await keys.make(["read", "send"], { mailbox_ids: [made.body.id] });
  await node.asOwner(`UPDATE mailbox SET mode = 'turbo' WHERE mailbox_id = '${made.body.id}'`);
  const left = await toolNames(running.known.url, key);
  expect(left.filter((name) => sending.some((spec) => spec.name === name))).toEqual([]);
});

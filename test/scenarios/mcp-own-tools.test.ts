/** `setup_multimail` and `verify_email`: what a newcomer is told, and what is proven of a sender. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { toolNames } from "./mcp-tools.ts";
import { keyOf } from "./owner-keys.ts";
import { keepReceived } from "./received-mail.ts";
import { type Answer, type Running, run } from "./running.ts";
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

const setUp = (key: string): Promise<Answer> => running.call(key, "/v1/setup");
const undone = ({ body }: Answer): string[] =>
  (body.steps as { step: string; done: boolean; how: string | null }[])
    .filter(({ done, how }) => {
      if (done !== (how === null))
        throw new Error("a step that is not done says how, and no other");
      return !done;
    })
    .map(({ step }) => step);

/** The tools of the product contract, section 9. */
const contract =
  "list_mailboxes create_mailbox update_mailbox configure_mailbox delete_mailbox send_email schedule_email edit_scheduled_email reply_email check_inbox read_email get_thread download_attachment cancel_message tag_email get_tags set_tags delete_tag wait_for_email wait_for_decision list_pending request_upgrade apply_upgrade search_contacts add_contact delete_contact list_suppression check_suppression remove_suppression list_allowlist add_allowlist_entry remove_allowlist_entry list_spam report_spam not_spam list_api_keys create_api_key revoke_api_key create_webhook list_webhooks delete_webhook get_account update_account delete_account get_usage get_audit_log get_proof verify_email setup_multimail";

test("every tool of the contract is there for who may call it, and decide_email for overseers only", async () => {
  const wide = await toolNames(
    running.known.url,
    await keyOf(node, ["read", "send", "admin", "audit"]),
  );
  expect(contract.split(" ").filter((name) => !wide.includes(name))).toEqual([
    // What people decide.
    "list_pending",
    "not_spam",
  ]);
  expect(wide).not.toContain("decide_email");
  const overseer = await toolNames(running.known.url, running.known.oversight_key);
  expect(overseer).toEqual(expect.arrayContaining(["decide_email", "list_pending", "not_spam"]));
  expect(overseer).not.toContain("send_email");
});

test("a newcomer learns what it may do, which mailboxes there are, and what a mode means", async () => {
  const answer = await setUp(running.known.agent_key);
  expect(answer.status).toBe(200);
  expect(undone(answer)).toEqual([]);
  expect(answer.body).toMatchObject({
    ready: true,
    test: false,
    mcp_url: `${running.known.url}/mcp`,
    mailboxes: [
      {
        id: running.known.mailbox_id,
        oversight_mode: "gated_send",
        sending: expect.stringContaining("wait_for_decision"),
      },
    ],
  });
  expect(answer.body.scopes).toEqual(expect.arrayContaining(["read", "send"]));
});

test("what is missing is said with who can mend it", async () => {
  const reader = await setUp(await keyOf(node, ["read"]));
  expect(reader.body.ready).toBe(false);
  expect(undone(reader)).toEqual(["sending"]);
  const stop = await running.call(running.known.oversight_key, "/v1/oversight/stop", {
    reason: "A test",
  });
  expect(stop.status).toBe(200);
  expect(undone(await setUp(running.known.agent_key))).toEqual(["not_stopped"]);
});

test("a credential sees only the mailboxes it reaches", async () => {
  const address = { address: "second" };
  const second = await running.call(running.known.admin_key, "/v1/mailboxes", address);
  const bound = await keyOf(node, ["read"], { mailbox_ids: [second.body.id] });
  expect((await setUp(bound)).body.mailboxes).toMatchObject([{ id: second.body.id }]);
  const other = await node.found("other");
  const foreign = await setUp(other.agent_key);
  expect(foreign.body.mailboxes).toMatchObject([{ id: other.mailbox_id }]);
});

test("a mail without an identity has none, one with a forged identity is invalid, and neither names an operator", async () => {
  const { mailbox_id, agent_key } = running.known;
  const look = (id: string): Promise<Answer> =>
    running.call(agent_key, `/v1/mailboxes/${mailbox_id}/emails/${id}/verify`);
  const plain = await look(await keepReceived(node, mailbox_id, { from: "ada@example.net" }));
  expect(plain.body).toMatchObject({
    from_address: "ada@example.net",
    identity: { verdict: "none", operator: null, approval: null },
  });
  const forged = await look(
    await keepReceived(node, mailbox_id, {
      subject: "Hello\r\nX-MultiMail-Identity: eyJhbGciOiJub25lIn0.e30.",
    }),
  );
  expect(forged.body.identity).toMatchObject({ verdict: "invalid", operator: null, agent: null });
});

test("what was sent from here is proven otherwise", async () => {
  const { body } = await running.send({ subject: "Ours" }, running.known.agent_key);
  const sent =
    body.id ??
    (
      await running.call(
        running.known.agent_key,
        `/v1/mailboxes/${running.known.mailbox_id}/emails`,
      )
    ).body.emails[0].id;
  const answer = await running.call(
    running.known.agent_key,
    `/v1/mailboxes/${running.known.mailbox_id}/emails/${sent}/verify`,
  );
  expect([answer.status, answer.body.code]).toEqual([409, "not_inbound"]);
});

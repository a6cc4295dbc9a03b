/** Deleting the account: a person agrees to it, and from then on nothing leaves, comes in or is done in its name. */
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { decisionLink } from "../../src/engine/decision-link.ts";
import { firstOwner } from "../../src/store/people.ts";
import { setStopped } from "../../src/store/operators.ts";
import { mailedCode } from "./approvals.ts";
import { ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, postForm, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;

beforeEach(async () => {
  running = await run();
  node = await secondNode(running);
});

afterEach(async () => {
  await node.close();
  await running.stop();
});

const del = (key: string, code?: string): Promise<Answer> =>
  running.call(key, `/v1/account${code === undefined ? "" : `?approval_code=${code}`}`, undefined, {
    method: "DELETE",
  });

test("a key closes the account only with the code that a person was mailed; then no credential works", async () => {
  const { admin_key, agent_key, oversight_key, mailbox_address } = running.known;
  const waiting = (await running.send()).body.id;
  const cookie = await signIn(running);
  const owner = await node.as(firstOwner);
  const link = decisionLink(node.context, {
    operator_id: node.operator_id,
    message_id: waiting,
    digest: (await running.settled(waiting, "pending_send_approval")).digest,
    person_id: owner?.person_id ?? "",
    via: "link",
    expires_at: new Date(Date.now() + 3_600_000),
  });
  expect((await running.call(null, new URL(link).pathname)).status).toBe(200);
  const asked = await del(admin_key);
  expect(asked.status).toBe(202);
  expect((await running.call(agent_key, "/v1/account")).status).toBe(200);
  const code = await mailedCode(running, asked.body.change_id);
  expect((await del(admin_key, "AAA-AAA")).status).toBe(403);
  const done = await del(admin_key, code);
  expect(done.status).toBe(200);
  expect(done.body).toMatchObject({ status: "deleted", deleted: true, id: node.operator_id });
  for (const key of [admin_key, agent_key, oversight_key])
    expect((await running.call(key, "/v1/account")).status).toBe(401);
  const page = await fetch(`${running.known.url}/pending`, {
    headers: { cookie },
    redirect: "manual",
  });
  expect(page.status).not.toBe(200);
  expect(await node.engine.inboundRecipient(mailbox_address)).toMatchObject({ ok: false });
  await expect(
    node.engine.signIn.redeem(
      new URL(await node.engine.mintSignInLink(node.operator_id)).searchParams.get("token") ?? "",
      { source: "", user_agent: null },
    ),
  ).rejects.toMatchObject({ code: "invalid_link" });
  // A link that was mailed before decides nothing any more.
  expect((await running.call(null, new URL(link).pathname)).status).toBe(410);
  const [row] = await node.as((tx) =>
    tx.named<{ status: string }>("t", "SELECT status FROM message WHERE message_id = $1", [
      waiting,
    ]),
  );
  expect(row?.status).toBe("pending_approval");
});

test("the database lets no closed operator send again", async () => {
  const { admin_key } = running.known;
  const asked = await del(admin_key);
  await del(admin_key, await mailedCode(running, asked.body.change_id));
  await expect(
    node.as((tx) => setStopped(tx, { stopped_at: null, stopped_by: null, stopped_reason: null })),
  ).rejects.toThrow(/closed/);
  await expect(
    node.asOwner("UPDATE operator SET closed_at = NULL, stopped_at = NULL"),
  ).rejects.toThrow(/closed/);
});

test("keys that are bound, test keys, and keys without admin do not begin it", async () => {
  const keys = await ownerKeys(node);
  const bound = await keys.make(["admin"], { mailbox_ids: [running.known.mailbox_id] });
  const byTest = await keys.make(["admin"], { test: true });
  for (const key of [bound.secret, byTest.secret, running.known.agent_key])
    expect((await del(key)).status).toBe(403);
  expect((await running.call(running.known.agent_key, "/v1/account")).status).toBe(200);
});

test("an owner deletes a mailbox and the account on their pages, each by typing its name", async () => {
  const cookie = await signIn(running);
  const { mailbox_id, mailbox_address, agent_key } = running.known;
  const page = `/mailboxes/${mailbox_id}`;
  const slip = await postForm(running, cookie, page, `${page}/delete`, { address: "another" });
  expect(slip.status).toBe(400);
  expect((await running.call(agent_key, `/v1/mailboxes/${mailbox_id}`)).status).toBe(200);
  const meant = { address: mailbox_address.toUpperCase() };
  expect((await postForm(running, cookie, page, `${page}/delete`, meant)).status).toBe(303);
  expect((await running.call(agent_key, `/v1/mailboxes/${mailbox_id}`)).status).toBe(404);
  const shown = await fetch(`${running.known.url}${page}`, { headers: { cookie } });
  expect(await shown.text()).toContain("Deleted");
  const { name } = (await running.call(agent_key, "/v1/account")).body;
  const path = "/operator/delete";
  const wrong = await postForm(running, cookie, "/operator", path, { confirm_name: "" });
  expect(wrong.status).toBe(400);
  expect((await running.call(agent_key, "/v1/account")).status).toBe(200);
  const gone = await postForm(running, cookie, "/operator", path, { confirm_name: name });
  expect(gone.status).toBe(303);
  expect((await running.call(agent_key, "/v1/account")).status).toBe(401);
});

test("an owner with a fresh sign-in closes it at once, an admin does not, and a stale sign-in does not", async () => {
  const owner = (role: "owner" | "admin", signedIn: Date) =>
    ({
      kind: "person",
      operator_id: node.operator_id,
      credential_id: node.context.new_id(),
      person_id: node.context.new_id(),
      role,
      scopes: ["read", "admin"],
      mailbox_ids: null,
      test: false,
      signed_in_at: signedIn.toISOString(),
    }) as const;
  const now = new Date();
  await expect(node.engine.deleteAccount(owner("admin", now))).rejects.toMatchObject({
    code: "role_required",
  });
  await expect(
    node.engine.deleteAccount(owner("owner", new Date(now.getTime() - 3_600_000))),
  ).rejects.toMatchObject({ code: "fresh_sign_in_required" });
  await node.engine.deleteAccount(owner("owner", now));
  await expect(node.engine.deleteAccount(owner("owner", now))).rejects.toMatchObject({
    code: "not_found",
  });
  expect((await running.call(running.known.admin_key, "/v1/account")).status).toBe(401);
  const first = JSON.parse(await readFile(`${running.folder}/first-run.json`, "utf8"));
  expect(first.admin_key).toBe(running.known.admin_key);
});

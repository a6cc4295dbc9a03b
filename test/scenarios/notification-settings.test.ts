/** A person chooses how and when they are told, on the page. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, postForm, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let cookie: string;
beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  cookie = await signIn(running);
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
});

const path = "/account/notifications";
const save = (fields: Record<string, string>) =>
  postForm(running, cookie, path, path, { mail: "each", digest_minutes: "60", ...fields });
const shown = async (): Promise<string> =>
  (await fetch(`${running.known.url}${path}`, { headers: { cookie } })).text();
const stored = async (): Promise<unknown> => {
  const rows = await node.as((tx) =>
    tx.named<{ notify: unknown }>("notify", "SELECT notify FROM person WHERE operator_id = $1", [
      tx.operator_id,
    ]),
  );
  return rows[0]?.notify;
};

test("what is chosen on the page is stored, shown again and logged without its words", async () => {
  const chosen = {
    mail: "digest",
    digest_minutes: "30",
    quiet_from: "22:00",
    quiet_to: "07:00",
    time_zone: "Europe/Berlin",
    chat: "https://chat.example/hook/very-secret",
  };
  expect((await save(chosen)).status).toBe(303);
  expect(await stored()).toEqual({
    mail: "digest",
    digest_minutes: 30,
    quiet: { from: "22:00", to: "07:00", time_zone: "Europe/Berlin" },
    chat_webhook_url: "https://chat.example/hook/very-secret",
  });
  const page = await shown();
  expect(page).toContain('value="Europe/Berlin"');
  expect(page).toContain("chat.example");
  expect(page).not.toContain("very-secret");
  const { body } = await running.call(
    running.known.admin_key,
    "/v1/audit-log?type=person.notifications_changed",
  );
  expect(JSON.stringify(body)).toContain("person.notifications_changed");
  expect(JSON.stringify(body)).not.toMatch(/very-secret|Berlin/);
  // Left as it is by a form that says nothing of it; taken away when asked to.
  await save({ mail: "each" });
  expect(await stored()).toMatchObject({
    mail: "each",
    quiet: null,
    chat_webhook_url: chosen.chat,
  });
  await save({ no_chat: "yes" });
  expect(await stored()).toMatchObject({ chat_webhook_url: null });
});

test("time zones that do not exist, half quiet hours and webhooks that are not https are refused, and nothing is changed", async () => {
  await save({});
  const before = await stored();
  for (const fields of [
    { quiet_from: "22:00", quiet_to: "07:00", time_zone: "Mars/Base" },
    { quiet_from: "22:00", quiet_to: "", time_zone: "Europe/Berlin" },
    { quiet_from: "25:00", quiet_to: "07:00", time_zone: "Europe/Berlin" },
    { digest_minutes: "1" },
    { mail: "sometimes" },
    { chat: "http://chat.example/" },
    { chat: "https://user:password@chat.example/" },
    { chat: "javascript:alert(1)" },
    { chat: "https://127.0.0.1/hook" },
    { chat: "https://10.0.0.1/hook" },
    { chat: "https://2130706433/" },
    { chat: "https://chat.internal/hook" },
  ]) {
    expect((await save(fields as Record<string, string>)).status, JSON.stringify(fields)).toBe(400);
    expect(await stored()).toEqual(before);
  }
});

test("keys have no notifications; a chat needs a fresh sign-in", async () => {
  for (const key of [running.known.admin_key, running.known.oversight_key]) {
    const read = await running.call(key, "/v1/account/notifications");
    expect(read).toMatchObject({ status: 403, body: { code: "role_required" } });
    const change = { mail: "none" };
    const changed = await running.call(key, "/v1/account/notifications", change, {
      method: "PATCH",
    });
    expect(changed).toMatchObject({ status: 403, body: { code: "role_required" } });
  }
  await node.asOwner(
    "UPDATE session SET created_at = created_at - interval '1 hour', verified_at = verified_at - interval '1 hour'",
  );
  const answer = await save({ chat: "https://chat.example/hook" });
  expect(answer.status).toBe(403);
  expect(await stored()).toMatchObject({ chat_webhook_url: null });
  // Everything else is changed without.
  expect((await save({ mail: "digest" })).status).toBe(303);
});

/** The pages of standing policies, as a person uses them: tried on past mail first, then saved, then revoked. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ModedInstance, modedInstance } from "./moded-instance.ts";
import { postForm } from "./running.ts";

let it: ModedInstance;
let box: string;
beforeAll(async () => {
  it = await modedInstance();
  box = await it.mailboxIn("gated_send");
});
afterAll(() => it.stop());

const show = async (path: string): Promise<{ status: number; text: string }> => {
  const answer = await fetch(`${it.running.known.url}${path}`, { headers: { cookie: it.cookie } });
  return { status: answer.status, text: await answer.text() };
};
const post = async (
  fields: Record<string, string>,
): Promise<{ status: number; text: string; to: string | null }> => {
  const answer = await postForm(it.running, it.cookie, "/policies/new", "/policies", fields);
  return {
    status: answer.status,
    text: await answer.text(),
    to: answer.headers.get("location"),
  };
};
const standing = async (): Promise<{ id: string; name: string; created_by: string }[]> =>
  (await it.running.call(it.running.known.admin_key, "/v1/policies")).body.policies;

test("a rule is tried on past mail before it is saved, says so in words, and can be revoked", async () => {
  for (const to of ["a@friends.example", "b@friends.example", "c@example.com"])
    await it.send(box, { to: [to], subject: `Offer for <${to}>` });
  const rule = {
    name: "Friends",
    mailbox_id: box,
    outcome: "allow",
    recipients: "*@friends.example\n",
    days_valid: "30",
  };
  expect((await show(`/policies/new?mailbox_id=${box}`)).text).toContain(
    `<option value="${box}" selected>`,
  );
  const tried = await post({ ...rule, step: "try" });
  expect(tried.status).toBe(200);
  expect(tried.text).toContain("Of the last 3 messages it fits 2.");
  expect(tried.text).toContain("<b>2</b> let through what would wait today");
  expect(tried.text).toContain("to nobody but *@friends.example leave without anybody looking");
  expect(tried.text).toContain("Offer for &lt;a@friends.example&gt;");
  expect(tried.text).not.toContain("c@example.com");
  expect(await standing(), "tried, not made").toEqual([]);

  const back = await post({ ...rule, step: "edit" });
  expect(back.text).toContain("*@friends.example</textarea>");
  const saved = await post({ ...rule, step: "save" });
  expect(saved).toMatchObject({ status: 303, to: "/policies?done=made" });
  const [made] = await standing();
  expect(made).toMatchObject({ name: "Friends", active: true });
  expect(made?.created_by).toMatch(/^person:/);
  const list = await show(`/policies?mailbox_id=${box}&done=made`);
  expect(list.text).toContain("The rule stands from now on.");
  expect(list.text).toContain("Let mail of ");
  const sent = await it.send(box, { to: ["a@friends.example"] });
  await it.reaches(box, sent.body.id, "sent");

  const action = `/policies/${made?.id}/revoke`;
  const gone = await postForm(it.running, it.cookie, "/policies", action, {});
  expect(gone.status).toBe(303);
  expect(await standing()).toEqual([]);
  expect((await show("/policies")).text).toContain("There is no rule yet");
  expect((await show("/policies?ended")).text).toContain("Revoked");
});

test("what was filled in is given back with what is wrong with it", async () => {
  const wrong = await post({
    name: "No end",
    outcome: "allow",
    recipients: "a@b.example",
    step: "save",
  });
  expect(wrong.status).toBe(400);
  expect(wrong.text).toContain("ends within 90 days");
  expect(wrong.text).toContain('value="No end"');
  expect((await post({ outcome: "quorum", required: "many", step: "try" })).status).toBe(400);
  const zone = await post({ outcome: "hold", from: "09:00", time_zone: "Nowhere", step: "try" });
  expect(zone.text).toContain("IANA time zone");
});

test("a message that waits for several approvals or a passkey says so in the queue", async () => {
  for (const [outcome, tag] of [
    ["passkey", "key"],
    ["quorum", "two"],
  ] as const)
    expect((await post({ name: tag, outcome, tags: tag, step: "save" })).status).toBe(303);
  await it.send(box, { to: ["x@example.com"], tags: { key: "1" }, subject: "By passkey" });
  await it.send(box, { to: ["x@example.com"], tags: { two: "1" }, subject: "By two" });
  const queue = (await show("/pending")).text;
  const row = (subject: string): string =>
    /^[\s\S]*?<\/tr>/.exec(queue.slice(queue.indexOf(subject)))?.[0] ?? "";
  expect(row("By passkey")).toContain("by passkey");
  expect(row("By passkey")).toContain("held by the rule");
  expect(row("By two")).toContain("0 of 2");
  expect(row("By two")).not.toContain("by passkey");
});

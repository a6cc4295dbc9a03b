/** The evidence of mail that was edited, drafted, sent back or blocked verifies offline, and tells the whole story. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyBundle } from "../../src/audit/bundle.ts";
import type { Bundle } from "../../src/audit/bundle-format.ts";
import { type ModedInstance, modedInstance } from "./moded-instance.ts";
import type { Answer } from "./running.ts";

let it: ModedInstance;
beforeAll(async () => {
  it = await modedInstance();
});
afterAll(() => it.stop());

const call = (box: string, path: string, body: object, method = "POST"): Promise<Answer> =>
  it.running.call(it.running.known.agent_key, `/v1/mailboxes/${box}${path}`, body, { method });
const edit = (box: string, id: string, change: object): Promise<Answer> =>
  call(box, `/emails/${id}/schedule`, change, "PATCH");
const inFuture = (ms: number): string => new Date(Date.now() + ms).toISOString();

async function bundleOf(box: string, id: string): Promise<Bundle> {
  const path = `/v1/mailboxes/${box}/emails/${id}/proof`;
  return (await it.running.call(it.running.known.agent_key, path)).body;
}

async function faults(bundle: Bundle): Promise<string[]> {
  const report = await verifyBundle(bundle, { pinned: bundle.keys, now: new Date() });
  return report.checks
    .filter(({ status }) => status === "fail")
    .map(({ name, words }) => `${name}: ${words}`);
}

test("approved, edited, approved anew: the first approval is told of and counts for nothing", async () => {
  const box = await it.mailboxIn("gated_all");
  const { id } = (await it.send(box, { send_at: inFuture(3_600_000) })).body;
  await it.running.decide(id, "approve");
  await edit(box, id, { subject: "Other", cc: ["c@example.com"] });
  const { digest } = await it.read(box, id);
  await it.running.decide(id, "approve", { digest });
  await edit(box, id, { send_at: inFuture(300) });
  await it.reaches(box, id, "sent");
  const bundle = await bundleOf(box, id);
  expect(bundle.decisions).toHaveLength(2);
  expect(await faults(bundle)).toEqual([]);
  // Without the second approval's entry the first one does not carry it.
  const second = bundle.decisions[1]?.entry_id;
  const cut: Bundle = {
    ...bundle,
    decisions: bundle.decisions.slice(0, 1),
    entries: bundle.entries.filter((entry) => entry.id !== second),
    openings: bundle.openings.filter((opening) => opening.entry_id !== second),
  };
  expect((await faults(cut)).join("\n")).toMatch(/approvals: /);
  // Nor does the edit go unseen.
  const edits = bundle.entries.filter(({ body }) =>
    Buffer.from(body, "base64").includes('"message.edited"'),
  );
  const hidden: Bundle = {
    ...bundle,
    entries: bundle.entries.filter((entry) => !edits.includes(entry)),
  };
  expect((await faults(hidden)).join("\n")).toMatch(/digest: /);
});

test("a draft written bit by bit and sent, one sent back and sent anew, one edited while it waits", async () => {
  const box = await it.mailboxIn("gated_all");
  const draft = (await call(box, "/drafts", {})).body.id;
  await call(box, `/drafts/${draft}`, { subject: "x" }, "PATCH");
  await call(box, `/drafts/${draft}`, { to: ["ada@example.com"], markdown: "y" }, "PATCH");
  const sent = await call(box, `/drafts/${draft}/send`, {});
  expect(await faults(await bundleOf(box, draft))).toEqual([]);
  await it.running.decide(draft, "revise", { digest: sent.body.digest, reason: "no" });
  await call(box, `/drafts/${draft}`, { markdown: "z" }, "PATCH");
  expect(await faults(await bundleOf(box, draft))).toEqual([]);
  const again = await call(box, `/drafts/${draft}/send`, {});
  await it.running.decide(draft, "approve", { digest: again.body.digest });
  await it.reaches(box, draft, "sent");
  expect(await faults(await bundleOf(box, draft))).toEqual([]);

  const free = await it.mailboxIn("autonomous");
  const waiting = (await it.send(free, { send_at: inFuture(3_600_000) })).body.id;
  await edit(free, waiting, { markdown: "Other." });
  expect(await faults(await bundleOf(free, waiting))).toEqual([]);
  await it.lower(free, "gated_all");
  await edit(free, waiting, { markdown: "Again." });
  expect(await faults(await bundleOf(free, waiting))).toEqual([]);
});

test("what the scan blocked is told as blocked", async () => {
  const box = await it.mailboxIn("autonomous");
  const sent = await it.send(box, { markdown: `mm_live_${"Ab3".repeat(14)}d` });
  expect(sent.body.status).toBe("blocked");
  expect(await faults(await bundleOf(box, sent.body.id))).toEqual([]);
});

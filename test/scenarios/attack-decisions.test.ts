/** Ways to a decision without the person, or around what they were shown: each was tried, and none works any more. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertPerson } from "../../src/store/people.ts";
import { arrive } from "./arriving.ts";
import { type PolicyScene, policyScene } from "./policy-scene.ts";
import type { Answer } from "./running.ts";

let scene: PolicyScene;
beforeAll(async () => {
  scene = await policyScene();
});
afterAll(() => scene.it.stop());

/** A member whose mail goes to this address. */
async function member(email: string): Promise<void> {
  const { node } = scene.it;
  await node.as((tx) =>
    insertPerson(tx, {
      person_id: node.context.new_id(),
      name: "Mara",
      email,
      role: "approver",
      created_at: new Date(),
    }),
  );
}

describe("an address that codes and links for people are mailed to", () => {
  test("becomes no mailbox by a key alone: agents would read the codes", async () => {
    await member("Mara@agents.example");
    await member("joe+mail@agents.example");
    await scene.it.node.engine.inviteMember(scene.owner(), {
      email: "late@agents.example",
      name: "Late",
      role: "approver",
    });
    for (const address of ["mara", "joe", "late", "oversight"]) {
      const asked = await scene.asAdmin("/v1/mailboxes", { address });
      expect([address, asked.status, asked.body.status]).toEqual([
        address,
        202,
        "approval_required",
      ]);
    }
    expect((await scene.asAdmin("/v1/mailboxes", { address: "jo" })).status).toBe(201);
  });

  test("is no mailbox when somebody is invited", async () => {
    const { body } = await scene.asAdmin("/v1/mailboxes", { address: "reader" });
    for (const email of [body.address, "reader+me@agents.example"])
      await expect(
        scene.it.node.engine.inviteMember(scene.owner(), { email, name: "R", role: "approver" }),
      ).rejects.toMatchObject({ code: "validation_failed" });
  });
});

describe("a person who is asked to let a key's call through", () => {
  test("is never shown the beginning of it only", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 20; i++)
      ids.push((await scene.asAdmin("/v1/mailboxes", { address: `harmless${i}` })).body.id);
    const asked = await scene.asAdmin("/v1/api-keys", {
      name: "reader",
      scopes: ["read"],
      mailbox_ids: [...ids, scene.it.running.known.mailbox_id],
    });
    expect(asked.status).toBe(202);
    const { body } = await scene.asAdmin("/v1/changes");
    const told = body.changes.find((one: { id: string }) => one.id === asked.body.change_id);
    for (const id of [...ids, scene.it.running.known.mailbox_id])
      expect(told.summary).toContain(id);
    expect(told.summary).toContain('It would be called "reader".');
    const { cookie, running } = scene.it;
    const page = await fetch(`${running.known.url}/changes`, { headers: { cookie } });
    expect(await page.text()).toContain(running.known.mailbox_id);
  });

  test("is not asked for more than fits", async () => {
    const rule = await scene.make(null, {
      match: { recipients: Array.from({ length: 60 }, (_, i) => `${"x".repeat(60)}@${i}.example`) },
    });
    const asked = await scene.asAdmin(`/v1/policies/${rule.policy_id}`, undefined, "DELETE");
    expect([asked.status, asked.body.code]).toEqual([400, "validation_failed"]);
  });
});

describe("a rule about links", () => {
  const linked: Record<string, unknown>[] = [
    { markdown: "See evil.com for more." },
    { markdown: "See evil.com?pay=1 now." },
    { markdown: "See evil.com:8080 now." },
    { markdown: "See пример.рф/pay now." },
  ];
  test("sees every link that a reader could follow", async () => {
    const box = await scene.it.mailboxIn("gated_send");
    await scene.make(box, { outcome: "allow", match: { has_link: false } });
    for (const content of linked) {
      const { body } = await scene.it.send(box, content);
      expect([content, body.status]).toEqual([content, "pending_send_approval"]);
    }
    const plain = await scene.it.send(box, {
      markdown: "Write to bob@example.com, e.g. in file.txt.",
    });
    expect(plain.body.status).not.toBe("pending_send_approval");
  });
});

describe("received mail", () => {
  test("is no message to decide on", async () => {
    const box = await scene.it.mailboxIn("gated_all");
    const { body } = await scene.asAdmin(`/v1/mailboxes/${box}`);
    const came = await arrive(
      scene.it.node,
      { id: box, address: body.address },
      { status: "pending_inbound_approval" },
    );
    const overseer = (path: string, input: object): Promise<Answer> =>
      scene.it.running.call(scene.it.running.known.oversight_key, path, input);
    for (const decision of ["approve", "reject", "revise"])
      expect((await overseer("/v1/oversight/decide", { email_id: came.id, decision })).status).toBe(
        404,
      );
    const undone = await overseer("/v1/oversight/undo", { email_id: came.id });
    expect([undone.status, undone.body.code]).toEqual([409, "not_scheduled"]);
  });
});

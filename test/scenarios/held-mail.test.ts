/** Held and refused mail is there for overseers only, by whichever way somebody looks for it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { InboundStatus } from "../../src/core/inbound-status.ts";
import { keepReceived } from "./received-mail.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let box: string;
/** One message of each kind that nobody has let through. */
const withheld: string[] = [];
let seen: string;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  box = running.known.mailbox_id;
  const attachments = [
    { filename: "secret.txt", content_type: "text/plain", content: Buffer.from("hidden") },
  ];
  const mail = { subject: "Concerning Zanzibar", thread_id: "t-1", attachments };
  const kept: { status: InboundStatus; mode?: string }[] = [
    { status: "pending_inbound_approval", mode: "gated_all" },
    { status: "pending_inbound_approval" },
    { status: "rejected" },
    { status: "spam_flagged", mode: "gated_all" },
    { status: "spam_quarantined", mode: "gated_all" },
  ];
  for (const one of kept) withheld.push(await keepReceived(node, box, { ...mail, ...one }));
  seen = await keepReceived(node, box, mail);
  await indexed();
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

/** Waits until the index worker has nothing left to do. */
async function indexed(): Promise<void> {
  const end = Date.now() + 20_000;
  const left = (): Promise<unknown[]> =>
    node.as((tx) => tx.named("left", "SELECT 1 FROM due WHERE kind = 'index'", []));
  while ((await left()).length > 0) {
    if (Date.now() > end) throw new Error("the index is not up to date");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function ids(key: string, query: string): Promise<string[]> {
  const { status, body } = await running.call(key, `/v1/mailboxes/${box}/emails?limit=100${query}`);
  expect(status).toBe(200);
  return body.emails.map((one: { id: string }) => one.id);
}

const lists = [
  "",
  "&direction=inbound",
  "&status=pending_inbound_approval",
  "&status=rejected",
  "&status=spam_flagged",
  "&status=spam_quarantined",
  "&thread_id=t-1",
  "&q=Zanzibar",
  "&q=zanz",
  "&q=secret.txt",
  "&sender=ada",
  "&has_attachments=true",
  "&kind=mail",
];

describe("withheld mail", () => {
  test("is in no list and no search of those without oversight", async () => {
    const { agent_key: agent, admin_key: admin } = running.known;
    for (const key of [agent, admin])
      for (const query of lists) {
        const found = await ids(key, query);
        expect(
          found.filter((id) => withheld.includes(id)),
          query,
        ).toEqual([]);
      }
    expect(await ids(agent, "&q=Zanzibar")).toEqual([seen]);
  });

  test("is in the lists of an overseer, and found by words", async () => {
    const key = running.known.oversight_key;
    expect(await ids(key, "&status=pending_inbound_approval")).toEqual([withheld[1], withheld[0]]);
    expect(await ids(key, "&status=rejected")).toEqual([withheld[2]]);
    expect(await ids(key, "&q=Zanzibar")).toEqual([seen, withheld[2], withheld[1], withheld[0]]);
  });

  test("is not there by id, as source, attachment, link, proof, mark or cancellation", async () => {
    const { agent_key: agent, admin_key: admin, oversight_key: overseer } = running.known;
    for (const id of withheld) {
      const base = `/v1/mailboxes/${box}/emails/${id}`;
      const ways = ["", "/raw", "/attachments/secret.txt", "/attachments/secret.txt/url", "/proof"];
      for (const way of ways)
        for (const key of [agent, admin])
          expect((await running.call(key, base + way)).status, way).toBe(404);
      const marked = await running.call(agent, base, { status: "read" }, { method: "PATCH" });
      expect(marked.status).toBe(404);
      expect((await running.call(agent, `${base}/cancel`, {})).status).toBe(404);
      for (const way of ["", "/raw", "/attachments/secret.txt"])
        expect((await running.call(overseer, base + way)).status, way).toBe(200);
      expect((await running.call(overseer, `${base}/attachments/secret.txt/url`)).status).toBe(404);
    }
  });

  test("stays as it is when an overseer reads it", async () => {
    const [id] = withheld;
    const read = await running.call(
      running.known.oversight_key,
      `/v1/mailboxes/${box}/emails/${id}`,
    );
    expect(read.body.status).toBe("pending_inbound_approval");
  });
});

/** Both SDKs with a running server: long lists, bytes, refusals, changes that wait for people, and sends that are never doubled. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keyOf } from "./owner-keys.ts";
import { keepReceived } from "./received-mail.ts";
import { type Running, run } from "./running.ts";
import { type Making, type Sdk, sdks } from "./sdk-clients.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
/** 250 received emails, oldest first. */
const ids: string[] = [];

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  for (let i = 0; i < 250; i++)
    ids.push(await keepReceived(node, running.known.mailbox_id, { subject: `Number ${i}` }));
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

/** A server between that hands everything on, and loses the first answers to what is posted. */
async function lossy(losses: number) {
  let lost = 0;
  const handOn = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
    const answer = await fetch(`${running.known.url}${request.url}`, {
      method: request.method ?? "GET",
      headers: headers as Record<string, string>,
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (request.method === "POST" && lost++ < losses) response.destroy();
    else
      response
        .writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" })
        .end(body);
  };
  const between = createServer((request, response) => void handOn(request, response));
  await new Promise<void>((resolve) => between.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(between.address() as AddressInfo).port}`,
    close: () => between.close(),
  };
}

for (const { name, start } of sdks)
  describe.skipIf(start === null)(`the ${name} SDK`, () => {
    let sdk: Sdk;
    beforeAll(() => {
      if (start) sdk = start();
    });
    afterAll(() => sdk?.stop());

    const agent = (): Making => ({
      base_url: running.known.url,
      api_key: running.known.agent_key,
    });

    test("goes through 250 emails, in order and each once, and stops early where it is left", async () => {
      const { mailbox_id } = running.known;
      const wish = { mailbox_id, direction: "inbound", limit: 30 };
      const { ok } = await sdk.call(agent(), "check_inbox_all", wish);
      expect(ok.map(({ id }: { id: string }) => id)).toEqual([...ids].reverse());
      const some = await sdk.call(agent(), "check_inbox_all", wish, 45);
      expect(some.ok).toHaveLength(45);
      const first = (await sdk.call(agent(), "check_inbox", wish)).ok;
      expect(first.emails).toHaveLength(30);
      const rest = await sdk.call(agent(), "check_inbox_all", {
        ...wish,
        cursor: first.next_cursor,
      });
      expect(rest.ok).toHaveLength(220);
      const none = await sdk.call(agent(), "check_inbox_all", { ...wish, sender: "nobody@" });
      expect(none.ok).toEqual([]);
    });

    test("a send whose answers are lost happens once", async () => {
      const between = await lossy(2);
      try {
        const subject = `Once by ${name}`;
        const { mailbox_id } = running.known;
        const { ok, waited } = await sdk.call({ ...agent(), base_url: between.url }, "send_email", {
          mailbox_id,
          to: ["ada@example.com"],
          subject,
          markdown: "Once.",
        });
        expect(ok).toMatchObject({ status: "already_sent" });
        expect(waited).toHaveLength(2);
        const listed = await sdk.call(agent(), "check_inbox", {
          mailbox_id,
          subject_contains: subject,
        });
        expect(listed.ok.emails.map(({ id }: { id: string }) => id)).toEqual([ok.id]);
      } finally {
        between.close();
      }
    });

    test("a change without a key whose answer is lost is not made twice", async () => {
      const between = await lossy(1);
      try {
        const email = `lost-${name.toLowerCase()}@example.com`;
        const lost = await sdk.call({ ...agent(), base_url: between.url }, "add_contact", {
          email,
        });
        expect(lost.error).toMatchObject({ class: "ApiConnectionError" });
        expect(lost.waited).toEqual([]);
      } finally {
        between.close();
      }
    });

    test("bytes come as they are", async () => {
      const { mailbox_id, agent_key } = running.known;
      const content = Buffer.from([0, 255, 13, 10, 128]).toString("base64");
      const filename = "año & co.bin";
      const sent = await sdk.call(agent(), "send_email", {
        mailbox_id,
        to: "ada@example.com",
        subject: "Bytes",
        markdown: "See there.",
        attachments: [{ filename, content, content_type: "application/octet-stream" }],
      });
      const email_id = sent.ok.id;
      const file = await sdk.call(agent(), "download_attachment", {
        mailbox_id,
        email_id,
        filename,
      });
      expect(Buffer.from(file.ok.data, "base64").toString("base64")).toBe(content);
      const raw = await sdk.call(agent(), "get_raw_email", { mailbox_id, email_id });
      const path = `/v1/mailboxes/${mailbox_id}/emails/${email_id}/raw`;
      const text = Buffer.from(raw.ok.data, "base64").toString();
      expect(text).toBe((await running.call(agent_key, path)).body);
      expect(text).toContain("Subject: Bytes\r\n");
    });

    test("refusals arrive with code, hint and request id", async () => {
      const { mailbox_id } = running.known;
      const stranger = { ...agent(), api_key: "mm_live_unknown" };
      expect((await sdk.call(stranger, "get_account")).error).toMatchObject({
        class: "ApiError",
        status: 401,
        code: "unauthenticated",
        request_id: expect.stringMatching(/./),
      });
      const refused = await sdk.call(agent(), "send_email", {
        mailbox_id,
        to: ["ada@example.com", "no address"],
        subject: "s",
        markdown: "m",
      });
      expect(refused.error).toMatchObject({ status: 400, field: "to[1]" });
      const gone = await sdk.call(agent(), "read_email", { mailbox_id, email_id: "0".repeat(26) });
      expect(gone.error).toMatchObject({ status: 404, code: "not_found" });
      const early = await sdk.call(agent(), "decide_email", {
        email_id: "0".repeat(26),
        decision: "approve",
      });
      expect(early.error).toMatchObject({ status: 403 });
    });

    test("a change that waits for a person says so", async () => {
      const admin = { ...agent(), api_key: await keyOf(node, ["admin", "read"]) };
      const asked = await sdk.call(admin, "create_api_key", { name: "wide", scopes: ["admin"] });
      expect(asked.ok).toMatchObject({ status: "approval_required" });
    });

    test("a public operation needs no key", async () => {
      expect((await sdk.call({ base_url: running.known.url }, "health")).ok).toMatchObject({
        status: expect.any(String),
      });
    });

    test("events come from a cursor on, and a stream for a time ends after it", async () => {
      const { mailbox_id } = running.known;
      const { cursor } = (await sdk.call(agent(), "list_events", {})).ok;
      const sent: string[] = [];
      for (const subject of ["One", "Two"]) sent.push((await running.send({ subject })).body.id);
      const wish = { mailbox_id, type: "oversight.pending" };
      const idsOf = (events: { data: { email_id: string } }[]): string[] =>
        events.map(({ data }) => data.email_id);
      const two = await sdk.call(agent(), "stream_events", { ...wish, cursor }, 2);
      expect(idsOf(two.ok)).toEqual(sent);
      expect(two.ok[0]).toMatchObject({ event: "oversight.pending", id: expect.any(String) });
      const timed = { ...wish, cursor: two.ok[0].id, timeout_seconds: 1 };
      expect(idsOf((await sdk.call(agent(), "stream_events", timed, 9)).ok)).toEqual([sent[1]]);
      const logged = await sdk.call(agent(), "list_events_all", { ...wish, cursor, limit: 1 });
      expect(logged.ok.map((one: { email_id: string }) => one.email_id)).toEqual(sent);
      const stranger = { ...agent(), api_key: "mm_live_unknown" };
      expect((await sdk.call(stranger, "stream_events", {}, 1)).error).toMatchObject({
        status: 401,
      });
    });

    test("one client makes forty calls at once", async () => {
      const { mailbox_id } = running.known;
      const all = await sdk.together(agent(), "create_draft", { mailbox_id, subject: name }, 40);
      expect(new Set(all.ok.map(({ id }: { id: string }) => id)).size).toBe(40);
    });
  });

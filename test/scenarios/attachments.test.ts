/** Attachments: the bytes that came or went, in a form that no browser runs, and links that die in time. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attachmentToken, readAttachmentToken } from "../../src/engine/attachment-links.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { keepReceived } from "./received-mail.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let box: string;
let received: string;
let sent: string;

const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const page = Buffer.from("<script>alert(1)</script>");

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  box = running.known.mailbox_id;
  received = await keepReceived(node, box, {
    attachments: [
      { filename: "data.bin", content_type: "application/octet-stream", content: every },
      { filename: "page.html", content_type: "text/html", content: page },
      { filename: "logo.svg", content_type: "image/svg+xml", content: page },
      { filename: "a b%2F..;x.txt", content_type: "text/plain", content: Buffer.from("odd") },
    ],
  });
  const content = (text: string): string => Buffer.from(text).toString("base64");
  sent = (
    await running.send({
      attachments: [
        { filename: "twice.txt", content_type: "text/plain", content: content("first") },
        { filename: "twice.txt", content_type: "text/plain", content: content("second") },
        { filename: "Grüße.txt", content_type: "text/plain", content: content("hi\n") },
      ],
    })
  ).body.id;
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

async function get(
  path: string,
  key: string | null = running.known.agent_key,
): Promise<{
  status: number;
  headers: Headers;
  body: Buffer;
}> {
  const response = await fetch(`${running.known.url}${path}`, {
    headers: key === null ? {} : { authorization: `Bearer ${key}` },
  });
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, body };
}

const at = (email: string, name: string): string =>
  `/v1/mailboxes/${box}/emails/${email}/attachments/${encodeURIComponent(name)}`;

/** The path of a fresh link. */
async function link(email: string, name: string, more = ""): Promise<string> {
  const { status, body } = await running.call(
    running.known.agent_key,
    `${at(email, name)}/url${more}`,
  );
  expect(status, JSON.stringify(body)).toBe(200);
  return new URL(body.url).pathname;
}

describe("an attachment", () => {
  test("comes byte for byte, as a download that no browser runs", async () => {
    for (const [name, bytes, type] of [
      ["data.bin", every, "application/octet-stream"],
      ["page.html", page, "application/octet-stream"],
      ["logo.svg", page, "application/octet-stream"],
    ] as const)
      for (const path of [at(received, name), await link(received, name)]) {
        const answer = await get(path, path.startsWith("/v1/attachments/") ? null : undefined);
        expect(answer.status).toBe(200);
        expect(answer.body.equals(bytes), name).toBe(true);
        expect(answer.headers.get("content-type")).toBe(type);
        expect(answer.headers.get("content-disposition")).toMatch(/^attachment; filename="/);
        expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
        expect(answer.headers.get("content-security-policy")).toContain("sandbox");
      }
  });

  test("is found under whatever name the email shows", async () => {
    for (const email of [received, sent]) {
      const { body } = await running.call(
        running.known.agent_key,
        `/v1/mailboxes/${box}/emails/${email}`,
      );
      expect(body.attachments.length).toBeGreaterThan(2);
      for (const { filename, size_bytes } of body.attachments as {
        filename: string;
        size_bytes: number;
      }[]) {
        const answer = await get(at(email, filename));
        expect(answer.status, filename).toBe(200);
        expect(answer.body.length === size_bytes || filename === "twice.txt").toBe(true);
      }
    }
  });

  test("of a sent email comes as it was given, and of two with one name by its place", async () => {
    expect((await get(at(sent, "Grüße.txt"))).body.toString()).toBe("hi\n");
    expect((await get(at(sent, "twice.txt"))).body.toString()).toBe("first");
    expect((await get(`${at(sent, "twice.txt")}?index=1`)).body.toString()).toBe("second");
    expect((await get(await link(sent, "twice.txt", "?index=1"), null)).body.toString()).toBe(
      "second",
    );
    expect((await get(`${at(sent, "twice.txt")}?index=2`)).status).toBe(404);
  });

  test("that is not there is not found", async () => {
    for (const name of ["nothing", "data.bi", "DATA.BIN", "../raw", "%00"])
      expect([400, 404]).toContain((await get(at(received, name))).status);
  });

  test("comes to an agent by MCP", async () => {
    const client = new Client({ name: "test", version: "1" });
    const requestInit = { headers: { authorization: `Bearer ${running.known.agent_key}` } };
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${running.known.url}/mcp`), { requestInit }),
    );
    const result = await client.callTool({
      name: "download_attachment",
      arguments: { mailbox_id: box, email_id: received, filename: "data.bin" },
    });
    await client.close();
    expect(JSON.stringify(result.content)).toContain(every.toString("base64"));
  });
});

describe("a link", () => {
  test("is for as long as it was asked for, at most a day", async () => {
    const answer = await running.call(running.known.agent_key, `${at(received, "data.bin")}/url`);
    expect(answer.body).toMatchObject({
      filename: "data.bin",
      content_type: "application/octet-stream",
      size_bytes: 256,
      expires_in: 900,
    });
    for (const seconds of [0, 59, 86_401, -1])
      expect(
        (
          await running.call(
            running.known.agent_key,
            `${at(received, "data.bin")}/url?expires_in=${seconds}`,
          )
        ).status,
      ).toBe(400);
  });

  test("opens nothing after its time", async () => {
    const token = (await link(received, "data.bin", "?expires_in=60")).split("/").at(-1) ?? "";
    const later = (seconds: number): Promise<unknown> =>
      createEngine({
        ...node.context,
        now: () => new Date(Date.now() + seconds * 1000),
      }).openAttachmentLink(token);
    await expect(later(50)).resolves.toMatchObject({ filename: "data.bin" });
    await expect(later(61)).rejects.toMatchObject({ code: "invalid_link" });
  });

  test("cannot be made or changed by others: not one character of it", async () => {
    const path = await link(received, "data.bin");
    const token = path.split("/").at(-1) ?? "";
    for (let i = 0; i < token.length; i++) {
      const other = token[i] === "0" ? "1" : "0";
      const changed = token.slice(0, i) + other + token.slice(i + 1);
      expect(readAttachmentToken(node.context.unsubscribe_key, changed), `at ${i}`).toBeNull();
    }
    expect((await get(`${path.slice(0, -1)}${path.endsWith("0") ? "1" : "0"}`, null)).status).toBe(
      410,
    );
    expect((await get("/v1/attachments/x", null)).status).toBe(410);
    // A token of the other kind of link is none of this kind.
    const target = readAttachmentToken(node.context.unsubscribe_key, token);
    expect(target && attachmentToken(Buffer.alloc(32), target)).not.toBe(token);
  });

  test("dies when its email is deleted or held, and lives again with it", async () => {
    const path = await link(received, "data.bin");
    const mark = (status: string) =>
      running.call(
        running.known.agent_key,
        `/v1/mailboxes/${box}/emails/${received}`,
        { status },
        { method: "PATCH" },
      );
    await mark("deleted");
    expect((await get(path, null)).status).toBe(410);
    expect(
      (await running.call(running.known.agent_key, `${at(received, "data.bin")}/url`)).status,
    ).toBe(404);
    await mark("unread");
    expect((await get(path, null)).status).toBe(200);
    await node.asOwner(
      `UPDATE message SET status = 'pending_inbound_approval' WHERE message_id = '${received}'`,
    );
    expect((await get(path, null)).status).toBe(410);
  });
});

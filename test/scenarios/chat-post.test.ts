/** Posts to chats' webhooks against a real HTTPS server that misbehaves, and names that lead to where nobody may look. */
import { createServer } from "node:https";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { openResolver } from "../../src/mail/dns-resolver.ts";
import { openChatPost } from "../../src/workers/chat-post.ts";
import type { ChatPost } from "../../src/workers/service-mail.ts";
import { startDns } from "../dns/server.ts";
import { selfSigned } from "../sink/self-signed.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const certificate = selfSigned(["chat.test", "127.0.0.1"]);

async function chat(
  listener: RequestListener,
  more: { allow_private?: boolean; timeout_ms?: number; ca?: string } = {},
): Promise<{ post: ChatPost; port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(certificate, (request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push(`${request.method} ${request.url} ${request.headers["content-type"]} ${body}`);
      listener(request, response);
    });
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const dns = await startDns({ "chat.test": { A: ["127.0.0.1"] } });
  const resolver = openResolver({ servers: [dns.address], now: () => new Date() });
  undo.push(
    () => dns.close(),
    () => resolver.close(),
    () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  );
  const post = openChatPost({
    resolver,
    allow_private: more.allow_private ?? true,
    ca: more.ca ?? certificate.cert,
    ...(more.timeout_ms === undefined ? {} : { timeout_ms: more.timeout_ms }),
  });
  return { post, port: (server.address() as AddressInfo).port, asked };
}

const body = Buffer.from('{"text":"hello"}');

test("a chat is posted JSON, by https", async () => {
  const { post, port, asked } = await chat((_request, response) => response.end("ok"));
  expect(await post(`https://chat.test:${port}/hook?a=b`, body)).toEqual({
    outcome: "accepted",
    reply: "status 200",
  });
  expect(asked).toEqual(['POST /hook?a=b application/json {"text":"hello"}']);
  expect((await post(`http://chat.test:${port}/`, body)).outcome).toBe("permanent");
});

test(promise("notice.chat-private"), async () => {
  const { post, port, asked } = await chat((_request, response) => response.end(), {
    allow_private: false,
  });
  for (const host of [
    "chat.test",
    "127.0.0.1",
    "[::1]",
    "10.0.0.1",
    "169.254.169.254",
    "[::ffff:127.0.0.1]",
  ]) {
    const answer = await post(`https://${host}:${port}/`, body);
    expect(answer.outcome, host).toBe("permanent");
    expect(answer.reply, host).toMatch(/not (?:a )?public/);
  }
  expect(asked).toEqual([]);
});

describe("a webhook that misbehaves", () => {
  test.each([
    [301, "permanent"],
    [307, "permanent"],
    [404, "permanent"],
    [429, "temporary"],
    [500, "temporary"],
    [204, "accepted"],
  ])("status %i is %s, and no redirect is followed", async (status, outcome) => {
    const { post, port, asked } = await chat((_request, response) =>
      response.writeHead(status, { location: "/elsewhere" }).end(),
    );
    expect((await post(`https://chat.test:${port}/`, body)).outcome).toBe(outcome);
    expect(asked).toHaveLength(1);
  });

  test("one that never answers is given up in its time, and one that never ends is not listened to", async () => {
    const hanging = await chat(() => undefined, { timeout_ms: 300 });
    expect(await hanging.post(`https://chat.test:${hanging.port}/`, body)).toMatchObject({
      outcome: "temporary",
    });
    const endless = await chat((_request, response) => {
      const chunk = Buffer.alloc(65_536);
      const more = (): boolean => response.write(chunk, () => !response.destroyed && more());
      more();
    });
    expect((await endless.post(`https://chat.test:${endless.port}/`, body)).outcome).toBe(
      "accepted",
    );
  });

  test("one whose certificate nobody vouches for is told nothing, and its address stands in no reply", async () => {
    const { post, port, asked } = await chat((_request, response) => response.end(), {
      ca: selfSigned(["chat.test"]).cert,
    });
    const answer = await post(`https://chat.test:${port}/secret`, body);
    expect(answer.outcome).toBe("temporary");
    expect(answer.reply).not.toContain("secret");
    expect(asked).toEqual([]);
  });
});

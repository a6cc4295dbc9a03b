/** The HTTP server against raw sockets: early refusals, slow clients, a taken port, a graceful end. */
import { type Socket, connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { PortTaken, listen } from "../../src/http/server.ts";
import { startSample } from "./sample-door.ts";

type Sample = Awaited<ReturnType<typeof startSample>>;
const open: Sample[] = [];
const sockets: Socket[] = [];

async function start(options: Parameters<typeof startSample>[0] = {}): Promise<Sample> {
  const sample = await startSample({ grace: 2_000, ...options });
  open.push(sample);
  return sample;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(open.splice(0).map((sample) => sample.close()));
});

/** A connection that collects what comes; `until` waits for a text, `ended` for the end of the connection. */
async function dial(sample: Sample) {
  const socket = connect(sample.port, "127.0.0.1");
  sockets.push(socket);
  let received = "";
  let over = false;
  const waiting = new Set<() => void>();
  const wake = () => waiting.forEach((check) => check());
  socket.on("data", (data) => {
    received += data.toString("latin1");
    wake();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    over = true;
    wake();
  });
  const when = (done: () => boolean) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        if (!done() && !over) return;
        waiting.delete(check);
        if (done()) resolve(received);
        else reject(new Error(`connection ended after: ${received}`));
      };
      waiting.add(check);
      check();
    });
  await new Promise((resolve) => socket.once("connect", resolve));
  return {
    socket,
    until: (text: string) => when(() => received.includes(text)),
    ended: () => when(() => over),
    received: () => received,
  };
}

const head = (lines: string[]) =>
  [
    "POST /v1/mailboxes/box/send HTTP/1.1",
    "Host: localhost",
    "Authorization: Bearer mm_test_all",
    "Content-Type: application/json",
    ...lines,
    "",
    "",
  ].join("\r\n");

const mail = JSON.stringify({ to: ["ann@example.com"], subject: "Hi", markdown: "Text" });
const limit = 2 * 1024 * 1024;

test("a body that is announced as too large is refused before any of it is sent", async () => {
  const line = await dial(await start());
  line.socket.write(head([`Content-Length: ${limit + 1}`]));
  const answer = await line.until('"code":"payload_too_large"');
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});

test("after such a refusal the connection either takes the body without keeping it or ends", async () => {
  const sample = await start();
  const line = await dial(sample);
  line.socket.write(head([`Content-Length: ${limit + 1}`]) + "x".repeat(limit + 1));
  await line.until("payload_too_large");
  line.socket.write(head([`Content-Length: ${mail.length}`]) + mail);
  const outcome = await Promise.race([line.until("HTTP/1.1 202"), line.ended()]);
  expect(outcome).toMatch(/HTTP\/1\.1 413 /);
  expect(sample.seen.length).toBeLessThanOrEqual(1);
  const endless = await dial(sample);
  endless.socket.write(head(["Content-Length: 99999999999"]));
  await endless.until("payload_too_large");
  await endless.ended();
});

test("a client that asks first is not told to continue when its body is too large, and is when it fits", async () => {
  const sample = await start();
  const refused = await dial(sample);
  refused.socket.write(head([`Content-Length: ${limit + 1}`, "Expect: 100-continue"]));
  expect(await refused.until("payload_too_large")).not.toContain("100 Continue");
  const accepted = await dial(sample);
  accepted.socket.write(head([`Content-Length: ${mail.length}`, "Expect: 100-continue"]));
  await accepted.until("HTTP/1.1 100 Continue");
  accepted.socket.write(mail);
  await accepted.until("HTTP/1.1 202");
});

test("a body of unknown length is refused as soon as it exceeds the limit", async () => {
  const sample = await start();
  const line = await dial(sample);
  line.socket.write(head(["Transfer-Encoding: chunked"]));
  const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
  for (let sent = 0; sent <= limit; sent += 0x10000) line.socket.write(chunk);
  expect(await line.until("payload_too_large")).toMatch(/^HTTP\/1\.1 413 /);
  await line.ended();
});

test("a body of unknown length within the limit is read", async () => {
  const sample = await start();
  const line = await dial(sample);
  line.socket.write(head(["Transfer-Encoding: chunked"]));
  for (const character of mail) line.socket.write(`1\r\n${character}\r\n`);
  line.socket.write("0\r\n\r\n");
  await line.until("HTTP/1.1 202");
  expect(sample.seen[0]?.input).toMatchObject({ subject: "Hi" });
});

test("what is mounted is guarded by the same limits", async () => {
  const sample = await start();
  const announced = await fetch(`${sample.url}/echo`, {
    method: "POST",
    body: "x".repeat(limit + 1),
  });
  expect(announced.status).toBe(413);
  const fits = await fetch(`${sample.url}/echo`, { method: "POST", body: "hello" });
  expect(await fits.text()).toBe("hello");
  const streamed = (size: number) =>
    fetch(`${sample.url}/echo`, {
      method: "POST",
      body: new Blob(["x".repeat(size)]).stream(),
      duplex: "half",
    });
  expect((await (await streamed(1000)).text()).length).toBe(1000);
  expect((await streamed(limit + 1)).status).toBe(413);
});

test("a client without a credential is refused before its body is read", async () => {
  const line = await dial(await start());
  line.socket.write(
    `POST /v1/mailboxes/box/send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${limit}\r\n\r\n`,
  );
  expect(await line.until("unauthenticated")).toMatch(/^HTTP\/1\.1 401 /);
});

test("a client that is slow with its headers or its body is cut off", async () => {
  const sample = await start({ headers_timeout: 150, request_timeout: 300 });
  const headers = await dial(sample);
  headers.socket.write("GET /health HTTP/1.1\r\nHost: x\r\n");
  const body = await dial(sample);
  body.socket.write(head(["Content-Length: 100"]) + "{");
  expect(await headers.ended()).toMatch(/^HTTP\/1\.1 408 /);
  await body.ended();
  expect(sample.seen).toEqual([]);
  expect(sample.logged.filter(({ level }) => level === "error")).toEqual([]);
});

test("a request without Host or with a broken target is answered in the same form", async () => {
  const sample = await start();
  const line = await dial(sample);
  line.socket.write("GET /a\\b HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect(await line.until("validation_failed")).toMatch(/^HTTP\/1\.1 400 /);
  const smuggled = await dial(sample);
  smuggled.socket.write(head(["Content-Length: 5", "Transfer-Encoding: chunked"]) + "0\r\n\r\n");
  expect(await smuggled.ended()).toMatch(/^HTTP\/1\.1 400 /);
});

test("a taken port is an error of its own with one line", async () => {
  const sample = await start();
  const second = listen(sample.app, { host: "127.0.0.1", port: sample.port });
  await expect(second).rejects.toBeInstanceOf(PortTaken);
  const error = await second.then(
    () => new Error("it listened"),
    (reason: unknown) => reason as Error,
  );
  expect(error.message).toContain(`Port ${sample.port} on 127.0.0.1 is already in use`);
  expect(error.message).not.toContain("\n");
});

test("closing lets requests in flight finish, cuts idle connections and accepts nothing new", async () => {
  const sample = await start({ grace: 60_000 });
  const idle = await dial(sample);
  idle.socket.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
  await idle.until('{"ok":true}');
  const busy = await dial(sample);
  const slow = JSON.stringify({ to: ["ann@example.com"], subject: "wait", markdown: "Text" });
  busy.socket.write(head([`Content-Length: ${slow.length}`]) + slow);
  await expect.poll(() => sample.seen.length).toBe(1);
  const closed = sample.close();
  await idle.ended();
  await expect(fetch(`${sample.url}/health`)).rejects.toThrow();
  expect(busy.received()).toBe("");
  sample.release();
  expect(await busy.until('"status":"queued"')).toMatch(/^HTTP\/1\.1 202 /);
  await closed;
  await busy.ended();
});

test("a client that keeps asking while the server closes is told that this answer is the last", async () => {
  const sample = await start({ grace: 60_000 });
  const line = await dial(sample);
  const slow = JSON.stringify({ to: ["ann@example.com"], subject: "wait", markdown: "Text" });
  line.socket.write(head([`Content-Length: ${slow.length}`]) + slow);
  await expect.poll(() => sample.seen.length).toBe(1);
  const closed = sample.close();
  // Asked on the same connection, so accepted before the end, and answered after the first.
  line.socket.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2));
  sample.release();
  await closed;
  expect(await line.ended()).toMatch(/^HTTP\/1\.1 202 [^]*connection: close/i);
});

test("closing is bounded: a request that never finishes is cut after the grace", async () => {
  const sample = await start({ grace: 100 });
  const busy = await dial(sample);
  const slow = JSON.stringify({ to: ["ann@example.com"], subject: "wait", markdown: "Text" });
  busy.socket.write(head([`Content-Length: ${slow.length}`]) + slow);
  await expect.poll(() => sample.seen.length).toBe(1);
  await sample.close();
  await busy.ended();
  expect(busy.received()).toBe("");
});

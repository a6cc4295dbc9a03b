/** What both SDKs do when a server refuses, breaks off, redirects, hangs or answers nonsense. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { MultiMail } from "../../sdk/src/multimail.ts";
import { type Making, type Outcome, type Sdk, sdks } from "./sdk-clients.ts";

/** A request as it came. */
type Came = { method: string; url: string; headers: IncomingMessage["headers"]; body: string };

/** One answer of the server. */
type Play = (response: ServerResponse, came: Came) => void;

const came: Came[] = [];
let plays: Play[] = [];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { method = "", url = "", headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
    came.push(one);
    const play = plays.shift();
    if (play) play(response, one);
    else response.writeHead(599).end();
  });
});

const answer =
  (status: number, body: object, headers: Record<string, string> = {}): Play =>
  (response) =>
    response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(JSON.stringify(body));
const refused = (status: number, code: string, headers: Record<string, string> = {}): Play =>
  answer(status, { error: "No.", code, request_id: "r1", hint: "Do this.", field: "to" }, headers);
const fine = answer(200, { ok: true });
/** Promises more than it sends. */
const brokenOff: Play = (response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"ok":', () => response.destroy());
};
const reset: Play = (response) => void response.destroy();
const silent: Play = () => undefined;

beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  if (plays.length > 0) throw new Error(`${plays.length} answers that nobody asked for`);
});

const secret = "mm_live_secret";
const base = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const message = { mailbox_id: "m", to: ["a@example.com"], subject: "s", markdown: "m" };
const keys = (): unknown[] => came.map(({ headers }) => headers["idempotency-key"]);

for (const { name, start } of sdks)
  describe.skipIf(start === null)(`the ${name} SDK`, () => {
    let sdk: Sdk;
    beforeAll(() => {
      if (start) sdk = start();
    });
    afterAll(() => sdk?.stop());

    /** Plays the answers to one call. */
    async function played(
      answers: Play[],
      method: string,
      args: Record<string, unknown> = {},
      making: Partial<Making> = {},
    ): Promise<Outcome> {
      came.length = 0;
      plays = answers;
      const outcome = await sdk.call(
        { base_url: base(), api_key: secret, ...making },
        method,
        args,
      );
      expect(outcome.bug).toBeUndefined();
      expect(JSON.stringify(outcome)).not.toContain(secret);
      return outcome;
    }

    test("a 429 is repeated after the time that it names", async () => {
      const { ok, waited } = await played(
        [refused(429, "rate_limited", { "retry-after": "7" }), fine],
        "get_account",
      );
      expect({ ok, waited }).toEqual({ ok: { ok: true }, waited: [7] });
      const date = new Date(Date.now() + 20_000).toUTCString();
      const later = await played(
        [refused(429, "rate_limited", { "retry-after": date }), fine],
        "get_account",
      );
      expect(later.waited[0]).toBeGreaterThanOrEqual(18);
      expect(later.waited[0]).toBeLessThanOrEqual(20);
    });

    test("a wait that is too long is the caller's", async () => {
      const { error, waited } = await played(
        [refused(429, "rate_limited", { "retry-after": "3600" })],
        "get_account",
      );
      expect(error).toMatchObject({ class: "ApiError", status: 429, retry_after: 3600 });
      expect(waited).toEqual([]);
    });

    test("reading is repeated after 5xx and broken answers, with growing pauses, and then given up", async () => {
      const twice = await played([refused(503, "unavailable"), brokenOff, fine], "get_account");
      expect(twice.ok).toEqual({ ok: true });
      expect(twice.waited[0]).toBeGreaterThanOrEqual(0.25);
      expect(twice.waited[0]).toBeLessThanOrEqual(0.5);
      expect(twice.waited[1]).toBeGreaterThanOrEqual(0.5);
      expect(twice.waited[1]).toBeLessThanOrEqual(1);
      const never = await played(
        [reset, refused(500, "internal"), refused(503, "unavailable")],
        "get_account",
      );
      expect(never.error).toMatchObject({ class: "ApiError", status: 503, code: "unavailable" });
      const none = await played([reset], "get_account", {}, { max_retries: 0 });
      expect(none.error).toMatchObject({ class: "ApiConnectionError" });
    });

    test("sending is repeated under one key, each call under its own", async () => {
      const { ok } = await played(
        [refused(503, "unavailable"), brokenOff, answer(202, { id: "1" })],
        "send_email",
        message,
      );
      expect(ok).toEqual({ id: "1" });
      const first = keys();
      expect(new Set(first).size).toBe(1);
      expect(first[0]).toMatch(/^[0-9a-f-]{36}$/);
      expect(came.map(({ body }) => JSON.parse(body))).toEqual(
        [1, 2, 3].map(() => ({ to: ["a@example.com"], subject: "s", markdown: "m" })),
      );
      await played([answer(202, { id: "2" })], "send_email", message);
      expect(keys()[0]).not.toBe(first[0]);
    });

    test("the caller's key is the only one", async () => {
      await played([reset, fine], "send_email", { ...message, idempotency_key: "mine" });
      expect(keys()).toEqual([undefined, undefined]);
      expect(came.map(({ body }) => JSON.parse(body).idempotency_key)).toEqual(["mine", "mine"]);
    });

    test("a reply is repeated only with the caller's key, what has no key never", async () => {
      const reply = { mailbox_id: "m", email_id: "e", markdown: "m" };
      const once = await played([refused(503, "unavailable")], "reply_email", reply);
      expect(once.error).toMatchObject({ status: 503 });
      expect(keys()).toEqual([undefined]);
      await played([reset, fine], "reply_email", { ...reply, idempotency_key: "mine" });
      const made = await played([brokenOff], "create_mailbox", { address: "a" });
      expect(made.error).toMatchObject({ class: "ApiConnectionError" });
      const gone = await played([refused(503, "unavailable")], "delete_contact", {
        contact_id: "c",
      });
      expect(gone.error).toMatchObject({ status: 503 });
    });

    test("a refusal says all that the server said, and is not repeated", async () => {
      const { error } = await played([refused(400, "validation_failed")], "send_email", message);
      expect(error).toEqual({
        class: "ApiError",
        message: "No. Do this. (400 validation_failed)",
        status: 400,
        code: "validation_failed",
        request_id: "r1",
        hint: "Do this.",
        field: "to",
        retry_after: null,
      });
    });

    test("what is no MultiMail server is named so", async () => {
      const page: Play = (response) =>
        response.writeHead(200, { "content-type": "text/html" }).end("<p>Hello");
      expect((await played([page], "get_account")).error).toMatchObject({
        class: "ApiError",
        code: "unexpected_answer",
      });
      const gateway: Play = (response) =>
        response.writeHead(403, { "content-type": "text/html", "x-request-id": "g" }).end("<p>");
      expect((await played([gateway], "get_account")).error).toMatchObject({
        status: 403,
        code: "unexpected_answer",
        request_id: "g",
      });
      const list = answer(422, ["no", "object"]);
      expect((await played([list], "get_account")).error).toMatchObject({ status: 422 });
    });

    test("a redirect is not followed", async () => {
      const elsewhere: Play = (response, { url }) =>
        response.writeHead(307, { location: `${base()}${url}?again` }).end();
      const { error } = await played([elsewhere], "get_account");
      expect(error).toMatchObject({ class: "MultiMailError" });
      expect(error.message).toContain("redirects");
      expect(came).toHaveLength(1);
    });

    test("a server that hangs is given up in time", async () => {
      const { error } = await played(
        [silent, silent],
        "get_account",
        {},
        {
          timeout: 0.1,
          max_retries: 1,
        },
      );
      expect(error).toMatchObject({ class: "ApiTimeoutError" });
      expect(came).toHaveLength(2);
    });

    test("a long answer may take longer than the limit, which is of silence", async () => {
      const slow: Play = (response) => {
        response.writeHead(200, { "content-type": "application/json" });
        const parts = ['{"ok"', ...Array.from({ length: 20 }, () => " "), ":true}"];
        const next = (): void => {
          const part = parts.shift();
          if (part === undefined) response.end();
          else response.write(part, () => void setTimeout(next, 100));
        };
        next();
      };
      const { ok, error } = await played([slow], "get_account", {}, { timeout: 1.5 });
      expect(error).toBeUndefined();
      expect(ok).toEqual({ ok: true });
      expect(came).toHaveLength(1);
    });

    test("an address or key that cannot be one is refused, the key unnamed", async () => {
      for (const base_url of [
        "example.com",
        "ftp://example.com",
        "http://u:p@example.com",
        "http://example.com?x",
      ])
        expect((await played([], "get_account", {}, { base_url })).error, base_url).toMatchObject({
          class: "MultiMailError",
        });
      const { error } = await played([], "get_account", {}, { api_key: `${secret}\r\nx: y` });
      expect(error.class).toBe("MultiMailError");
    });

    test("no value leads to another operation", async () => {
      for (const email_id of ["", ".", ".."])
        expect(
          (await played([], "read_email", { mailbox_id: "m", email_id })).error,
          email_id,
        ).toMatchObject({ class: "MultiMailError" });
    });

    test("a stream goes on behind the last event after a break", async () => {
      const events =
        (...pieces: (string | Buffer)[]): Play =>
        (response) => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          for (const piece of pieces) response.write(piece);
          // The end comes once all is out.
          response.write(": bye\n\n", () => response.destroy());
        };
      const accent = Buffer.from('data: "é"\n\n');
      came.length = 0;
      plays = [
        events(
          '\uFEFF: hello\n\nid: 1\r\nevent: a\r\ndata: {"n":\r\ndata: 1}\r\n\r\n',
          "id: 2\nda",
          "ta: no json\n\n",
        ),
        refused(503, "unavailable", { "retry-after": "1" }),
        events(accent.subarray(0, 8), accent.subarray(8), "retry: 9000\n\nid: 3\rdata: 3\r\r"),
      ];
      const making = { base_url: base(), api_key: secret };
      const all = await sdk.call(making, "stream", {}, 4);
      expect(all.bug).toBeUndefined();
      expect(all.ok).toEqual([
        { id: "1", event: "a", data: { n: 1 } },
        { id: "2", event: "message", data: "no json" },
        { id: "2", event: "message", data: "é" },
        { id: "3", event: "message", data: 3 },
      ]);
      expect(came.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "2", "2"]);
      expect(all.waited).toEqual([expect.any(Number), 1]);
      plays = [
        events("data: 1\n\nid: 9\n: still here\n\n", ": bye\n\nid: 10\n"),
        events("data: 2\n\n"),
      ];
      came.length = 0;
      const quiet = await sdk.call(making, "stream", {}, 2);
      expect(quiet.ok.map(({ data }: { data: unknown }) => data)).toEqual([1, 2]);
      expect(came.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "10"]);
      plays = [refused(401, "unauthenticated")];
      const refusal = await sdk.call(making, "stream", {}, 1);
      expect(refusal.error).toMatchObject({ status: 401 });
      plays = [fine];
      expect((await sdk.call(making, "stream", {}, 1)).error).toMatchObject({
        code: "unexpected_answer",
      });
    });
  });

describe("TypeScript alone", () => {
  const client = (more: object = {}) => new MultiMail({ baseUrl: base(), apiKey: secret, ...more });

  test("a signal ends the call while it is under way and while it waits", async () => {
    const reason = new Error("enough");
    const under = new AbortController();
    came.length = 0;
    plays = [() => under.abort(reason)];
    await expect(client().getAccount({}, { signal: under.signal })).rejects.toBe(reason);
    const waiting = new AbortController();
    plays = [
      (response, one) => {
        refused(503, "unavailable", { "retry-after": "50" })(response, one);
        response.on("close", () => setImmediate(() => waiting.abort(reason)));
      },
    ];
    await expect(client().getAccount({}, { signal: waiting.signal })).rejects.toBe(reason);
    await expect(client().getAccount({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(came).toHaveLength(2);
  });

  test("a printed client does not show its key", async () => {
    const { inspect } = await import("node:util");
    expect(inspect(client(), { depth: 9, showHidden: true })).not.toContain(secret);
    expect(JSON.stringify(client())).toBe("{}");
  });
});

/** What send_email is given: every field wrong in turn, hostile addresses, sizes. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { hostileAddresses } from "./hostile-addresses.ts";
import { setMode } from "./people.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";
import { fieldsOf } from "./verifiers.ts";
import { attachment, fiftyOne, missing, wrongs } from "./wrong-fields.ts";

let sink: SmtpSink;
let running: Running;
let node: SecondNode;
/** Nothing that is refused may leave a trace here. */
let gated: string;
let autonomous: string;

beforeAll(async () => {
  sink = await startSink();
  running = await run({
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
    MULTIMAIL_DOMAIN: "agents.example",
  });
  node = await secondNode(running);
  gated = await newMailbox("gated");
  autonomous = await newMailbox("autonomous");
  await setMode(running, await signIn(running), autonomous, "autonomous");
});

afterAll(async () => {
  await node.close();
  await running.stop();
  await sink.close();
});

const newMailbox = async (address: string): Promise<string> =>
  (await running.call(running.known.admin_key, "/v1/mailboxes", { address })).body.id;

const base = { to: ["ada@example.com"], subject: "A test", markdown: "Some *text*." };

const post = (
  mailboxId: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  running.call(running.known.agent_key, `/v1/mailboxes/${mailboxId}/send`, body, { headers });

const emailsOf = async (mailboxId: string): Promise<{ id: string; status: string }[]> => {
  const list = await running.call(
    running.known.agent_key,
    `/v1/mailboxes/${mailboxId}/emails?limit=100`,
  );
  return list.body.emails.map(({ id, status }: { id: string; status: string }) => ({ id, status }));
};

const messageWith = (field: string, value: unknown): Record<string, unknown> => {
  const message: Record<string, unknown> = { ...base, [field]: value };
  if (value === missing) delete message[field];
  return message;
};

describe("a field that is wrong", () => {
  test(promise("api.names-the-field"), async () => {
    for (const [field, what, value, named = field] of wrongs) {
      const answer = await post(gated, messageWith(field, value));
      expect(answer.status, `${field}: ${what} ${JSON.stringify(answer.body)}`).toBe(400);
      const { code, error, field: told, request_id: id } = answer.body;
      expect(code, `${field}: ${what}`).toBe(
        field === "idempotency_key" && /line|ASCII/.test(what)
          ? "invalid_idempotency_key"
          : "validation_failed",
      );
      expect(told, `${field}: ${what}`).toMatch(
        new RegExp(`^${named.replaceAll(/[[\].]/g, "\\$&")}`),
      );
      expect(error, what).toContain(field);
      expect(id).toBe(answer.headers.get("x-request-id"));
    }
    expect(await emailsOf(gated)).toEqual([]);
  });

  test(promise("api.unknown-field"), async () => {
    const unknown = [
      "from",
      "From",
      "html",
      "text",
      "subjekt",
      "sendat",
      "headers",
      "test",
      "status",
      "constructor",
    ];
    for (const field of unknown) {
      const answer = await post(gated, { ...base, [field]: "x" });
      expect(answer.status, field).toBe(400);
      expect(answer.body).toMatchObject({ code: "validation_failed", field });
      expect(answer.body.error).toContain(field);
    }
    const proto = await post(
      gated,
      `{"__proto__": {"test": true}, ${JSON.stringify(base).slice(1)}`,
    );
    expect(proto.status).toBe(400);
    expect(proto.body.error).toContain("__proto__");
    const twice = await post(gated, `{"subject": "other", ${JSON.stringify(base).slice(1)}`);
    expect(twice.status).toBe(400);
    expect(twice.body.error).toContain("subject");
    expect(await emailsOf(gated)).toEqual([]);
  });

  test(promise("mail.header-injection"), async () => {
    const controls = [
      ...Array(32).keys(),
      0x7f,
      0x80,
      0x85,
      0x9f,
      0x2028,
      0x2029,
      0x202e,
      0x2066,
    ].map((code) => String.fromCharCode(code));
    const payloads = [
      ...controls.map((sign) => `a${sign}b`),
      "a\r\nBcc: evil@example.org",
      "a\nBcc: evil@example.org",
      "a\r\n\r\n<p>body</p>",
      "a\r\n.\r\nMAIL FROM:<evil@example.org>",
    ];
    for (const text of payloads) {
      const messages: [string, Record<string, unknown>][] = [
        ["subject", { subject: text }],
        ["to[0]", { to: [`"${text}" <ada@example.com>`] }],
        ["cc[0]", { cc: [`"${text}" <ada@example.com>`] }],
        ["bcc[0]", { bcc: [`${text} <ada@example.com>`] }],
        ["reply_to", { reply_to: `"${text}" <ada@example.com>` }],
        ["attachments[0].filename", { attachments: [{ ...attachment, filename: text }] }],
        ["attachments[0].name", { attachments: [{ name: text, content: "aGk=" }] }],
        [
          "attachments[0].content_type",
          { attachments: [{ ...attachment, content_type: `text/${text}` }] },
        ],
        ["thread_id", { thread_id: text }],
      ];
      for (const [field, change] of messages) {
        const answer = await post(gated, { ...base, ...change });
        expect(answer.status, `${field} ${JSON.stringify(text)}`).toBe(400);
        // A name is refused under the spelling of its field that the composer knows.
        expect(answer.body.field, JSON.stringify(text)).toBe(
          field.replace(".name", answer.body.field.endsWith(".filename") ? ".filename" : ".name"),
        );
      }
    }
    for (const name of ["a\r\nBcc: evil@example.org", "a\0", "a\x7f"]) {
      const answer = await running.call(
        running.known.admin_key,
        `/v1/mailboxes/${gated}`,
        { display_name: name },
        { method: "PATCH" },
      );
      expect(answer.status).toBe(400);
      expect(answer.body.field).toBe("display_name");
    }
    expect(await emailsOf(gated)).toEqual([]);
  });

  test("a body that is no JSON object is refused", async () => {
    for (const body of ["", " ", "{}"]) {
      const answer = await post(gated, body);
      expect(answer.status, body).toBe(400);
      expect(answer.body).toMatchObject({ code: "validation_failed", field: "to" });
    }
    for (const body of [
      "null",
      "5",
      '"x"',
      "[]",
      "{",
      "nonsense",
      '{"to": NaN}',
      `${"[".repeat(1000)}${"]".repeat(1000)}`,
    ])
      expect((await post(gated, body)).status, body).toBe(400);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
      expect((await post(gated, JSON.stringify(base), { "content-type": type })).status).toBe(415);
    expect(await emailsOf(gated)).toEqual([]);
  });

  test("a path that names no mailbox is refused, in form and in substance", async () => {
    for (const id of ["x", "01ARZ3NDEKTSV4RRFFQ69G5FA", "' OR 1=1 --", "%00", "..%2f..%2fkeys"]) {
      const answer = await post(encodeURIComponent(id), base);
      expect([400, 404], id).toContain(answer.status);
    }
    expect(sink.connections).toHaveLength(0);
  });

  test(promise("api.foreign-mailbox"), async () => {
    const other = await node.found("other");
    const unknown = await post("01ARZ3NDEKTSV4RRFFQ69G5FAV", base);
    const foreign = await post(other.mailbox_id, base);
    expect(unknown.status).toBe(404);
    expect({ ...foreign.body, request_id: "" }).toEqual({ ...unknown.body, request_id: "" });
    expect(foreign.status).toBe(404);
    const theirs = await running.call(other.agent_key, `/v1/mailboxes/${other.mailbox_id}/emails`);
    expect(theirs.body.emails).toEqual([]);
  });
});

describe("the envelope", () => {
  test(
    promise("mail.envelope-injection"),
    async () => {
      const expected: string[] = [];
      for (const [text, mailbox] of hostileAddresses)
        for (const field of ["to", "cc", "bcc"]) {
          const answer = await post(autonomous, { ...base, to: [], [field]: [text] });
          const about = `${field} ${JSON.stringify(text)}`;
          if (mailbox === null) {
            expect(answer.status, about).toBe(400);
            expect(answer.body.field, about).toMatch(new RegExp(`^${field}\\[0\\]`));
            continue;
          }
          expect(answer.status, about + JSON.stringify(answer.body)).toBe(202);
          expected.push(mailbox);
        }
      const sent = await emailsOf(autonomous);
      expect(sent).toHaveLength(expected.length);
      await sink.until(() => sink.message_count >= expected.length);
      const commands = sink.connections.flatMap((connection) => connection.commands);
      // Byte for byte: one RCPT for each message, naming its one mailbox.
      expect(commands.filter((line) => /^RCPT/i.test(line)).toSorted()).toEqual(
        expected.map((mailbox) => `RCPT TO:<${mailbox}>`).toSorted(),
      );
      for (const line of commands.filter((one) => /^MAIL/i.test(one)))
        expect(line).toMatch(/^MAIL FROM:<[0-9a-hjkmnp-tv-z]{64}@bounces\.agents\.example>/);
      const verbs = new Set(commands.map((line) => line.split(" ")[0]));
      expect(
        [...verbs].filter(
          (verb) => !["EHLO", "MAIL", "RCPT", "DATA", "RSET", "QUIT"].includes(verb ?? ""),
        ),
      ).toEqual([]);
      // What stands in To is what stood in RCPT, for those who were written to in To.
      for (const mail of sink.messages) {
        const keys = fieldsOf(mail.data).map(({ key }) => key);
        expect(keys).not.toContain("bcc");
        expect(keys.filter((key) => key === "to" || key === "cc").length).toBeLessThanOrEqual(1);
      }
    },
    60_000,
  );

  test("an answer address is never written to", async () => {
    const before = sink.message_count;
    const sent = await post(autonomous, { ...base, reply_to: "Answers <answers@b.example>" });
    await sink.until(() => sink.message_count > before);
    const mail = sink.messages.at(-1);
    expect(mail?.to).toEqual(["ada@example.com"]);
    expect(
      fieldsOf(mail?.data ?? Buffer.alloc(0)).find(({ key }) => key === "reply-to")?.value,
    ).toBe("Answers <answers@b.example>");
    expect(sent.status).toBe(202);
  });

  test("who is named twice is written to once, in the most visible place", async () => {
    const before = sink.message_count;
    const sent = await post(autonomous, {
      ...base,
      to: ["Ada <ada@example.com>", "ADA@EXAMPLE.COM"],
      cc: ["ada@Example.com", "grace@example.com"],
      bcc: ["grace@example.com", "ada@example.com"],
    });
    const { body } = await running.call(
      running.known.agent_key,
      `/v1/mailboxes/${autonomous}/emails/${sent.body.id}`,
    );
    expect(body).toMatchObject({ to: ["ada@example.com"], cc: ["grace@example.com"], bcc: [] });
    await sink.until(() => sink.message_count >= before + 2);
    expect(
      sink.messages
        .slice(before)
        .map((mail) => mail.to.join())
        .toSorted(),
    ).toEqual(["ada@example.com", "grace@example.com"]);
  });

  test("50 recipients are served, one copy each", async () => {
    const before = sink.message_count;
    const sent = await post(autonomous, {
      ...base,
      to: fiftyOne.slice(0, 20),
      cc: fiftyOne.slice(20, 40),
      bcc: fiftyOne.slice(40, 50),
    });
    expect(sent.status).toBe(202);
    await sink.until(() => sink.message_count >= before + 50);
    expect(
      sink.messages
        .slice(before)
        .map((mail) => mail.to.join())
        .toSorted(),
    ).toEqual(fiftyOne.slice(0, 50).toSorted());
  });
});

describe("sizes", () => {
  /** Sends raw bytes and answers the first line that comes back, with the milliseconds it took. */
  function raw(
    head: string,
    feed: (write: (chunk: Buffer) => boolean) => boolean,
  ): Promise<{ line: string; fed: number }> {
    const { hostname, port } = new URL(running.known.url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname);
      let fed = 0;
      let stopped = false;
      socket.setTimeout(10_000, () => reject(new Error("the connection hangs")));
      // A server that has answered may close while we still write.
      socket.on("error", (error) => (stopped ? undefined : reject(error)));
      socket.on("data", (chunk) => {
        stopped = true;
        resolve({ line: chunk.toString("latin1").split("\r\n")[0] ?? "", fed });
        socket.destroy();
      });
      const pump = (): void => {
        while (!stopped && feed((chunk) => (fed += chunk.length) >= 0 && socket.write(chunk)));
      };
      socket.on("drain", pump);
      socket.write(head);
      pump();
    });
  }
  const head = (extra: string): string =>
    `POST /v1/mailboxes/${gated}/send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${running.known.agent_key}\r\nContent-Type: application/json\r\n${extra}\r\n\r\n`;
  const chunk = Buffer.alloc(256 * 1024, 0x20);

  test(promise("api.body-too-large"), async () => {
    const announced = await raw(head(`Content-Length: ${60 * 1024 * 1024}`), () => false);
    expect(announced).toEqual({ line: "HTTP/1.1 413 Payload Too Large", fed: 0 });
    const expecting = await raw(
      head(`Expect: 100-continue\r\nContent-Length: ${60 * 1024 * 1024}`),
      () => false,
    );
    expect(expecting.line).toBe("HTTP/1.1 413 Payload Too Large");
    // Without an announcement it is read up to the limit and no further.
    const size = Buffer.from(`${chunk.length.toString(16)}\r\n`);
    const framed = Buffer.concat([size, chunk, Buffer.from("\r\n")]);
    const streamed = await raw(head("Transfer-Encoding: chunked"), (write) => write(framed));
    expect(streamed.line).toBe("HTTP/1.1 413 Payload Too Large");
    expect(streamed.fed).toBeLessThan(60 * 1024 * 1024);
    // The server is as quick as before.
    expect((await running.call(null, "/health")).status).toBe(200);
    expect(await emailsOf(gated)).toEqual([]);
  });

  test("25 MiB of attachments are taken, and one byte more is 413", async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, 7).toString("base64");
    const parts = Array.from({ length: 24 }, (_, i) => ({
      filename: `${i}.bin`,
      content: mebibyte,
    }));
    const last = (size: number): object => ({
      filename: "last.bin",
      content: Buffer.alloc(size, 9).toString("base64"),
    });
    const over = await post(gated, { ...base, attachments: [...parts, last(1024 * 1024 + 1)] });
    expect(over.status).toBe(413);
    expect(over.body).toMatchObject({ code: "payload_too_large", field: "attachments" });
    const most = await post(gated, { ...base, attachments: [...parts, last(1024 * 1024)] });
    expect(most.status).toBe(202);
    const kept = await running.call(
      running.known.agent_key,
      `/v1/mailboxes/${gated}/emails/${most.body.id}`,
    );
    expect(kept.body.attachments).toHaveLength(25);
    expect(kept.body.attachments[24]).toEqual({
      filename: "last.bin",
      content_type: "application/octet-stream",
      size_bytes: 1024 * 1024,
    });
    expect(await emailsOf(gated)).toHaveLength(1);
  }, 60_000);
});

/** Replies: to whom they go, how they thread in other people's mail programs, and that none is sent twice. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ParsedHeader, readFields } from "../../src/mail/parse-header.ts";
import { readHeader } from "../../src/mail/parse-mime.ts";
import { type Arrived, type Arriving, arrive } from "./arriving.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let box: { id: string; address: string };

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  box = { id: running.known.mailbox_id, address: running.known.mailbox_address };
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
});

const comes = (more?: Arriving): Promise<Arrived> => arrive(node, box, more);
const reply = (emailId: string, more: Record<string, unknown> = {}): Promise<Answer> =>
  running.call(running.known.agent_key, `/v1/mailboxes/${box.id}/reply/${emailId}`, {
    markdown: "Thank you.",
    ...more,
  });
const read = async (emailId: string): Promise<Answer["body"]> =>
  (await running.call(running.known.agent_key, `/v1/mailboxes/${box.id}/emails/${emailId}`)).body;

const limits = {
  headerBytes: 1e6,
  headerFields: 500,
  headerValue: 1e5,
  addresses: 99,
  references: 99,
};

async function headerOf(emailId: string): Promise<ParsedHeader> {
  const raw = await running.call(
    running.known.agent_key,
    `/v1/mailboxes/${box.id}/emails/${emailId}/raw`,
  );
  return readFields(readHeader(Buffer.from(raw.body), limits).fields, limits);
}

describe("a reply threads", () => {
  // As these programs write them: Gmail with its References, Outlook with Thread-Topic and a localised prefix, Apple Mail bare.
  const samples: Record<
    string,
    { headers: Record<string, string>; subject: string; references: string[] }
  > = {
    Gmail: {
      headers: {
        From: "Ada <ada@gmail.com>",
        "Message-ID": "<CAF=abc+1@mail.gmail.com>",
        "In-Reply-To": "<root@example.com>",
        References: "<root@example.com>\r\n <CAF=abc0@mail.gmail.com>",
        Subject: "Re: Offer",
      },
      subject: "Re: Offer",
      references: ["<root@example.com>", "<CAF=abc0@mail.gmail.com>", "<CAF=abc+1@mail.gmail.com>"],
    },
    Outlook: {
      headers: {
        From: "Ada <ada@outlook.com>",
        "Message-ID":
          "\r\n <AM0PR01MB1234567890ABCDEF0123456789@AM0PR01MB12345.eurprd01.prod.exchangelabs.com>",
        "In-Reply-To": "<root@example.com>",
        References: "<root@example.com>",
        "Thread-Topic": "Angebot",
        "Thread-Index": "AQHZ0000000000000000000000000000000000A=",
        Subject: "AW: Angebot",
      },
      subject: "Re: Angebot",
      references: [
        "<root@example.com>",
        "<AM0PR01MB1234567890ABCDEF0123456789@AM0PR01MB12345.eurprd01.prod.exchangelabs.com>",
      ],
    },
    "Apple Mail": {
      headers: {
        From: "Ada <ada@icloud.com>",
        "Message-Id": "<9C0A1B2C-3D4E-5F60-7182-93A4B5C6D7E8@icloud.com>",
        "Message-ID": "<9C0A1B2C-3D4E-5F60-7182-93A4B5C6D7E8@icloud.com>",
        "In-Reply-To": "<root@example.com>",
        Subject: "Offer",
        "X-Mailer": "Apple Mail (2.3774.600.62)",
      },
      subject: "Re: Offer",
      references: ["<root@example.com>", "<9C0A1B2C-3D4E-5F60-7182-93A4B5C6D7E8@icloud.com>"],
    },
  };

  test.each(Object.keys(samples))("in %s", async (program) => {
    const sample = samples[program];
    const asked = await comes({ headers: sample?.headers ?? {} });
    const { status, body } = await reply(asked.id);
    expect(status).toBe(202);
    expect(body.thread_id).toBe(asked.thread_id);
    const header = await headerOf(body.id);
    expect(header.in_reply_to).toBe(sample?.references.at(-1));
    expect(header.references).toEqual(sample?.references);
    expect(header.subject).toBe(sample?.subject);
    // Gmail compares subjects without the prefix; Outlook takes the topic from there where no Thread-Topic says it.
    expect(header.subject.replace(/^Re: /, "")).toBe(
      (sample?.headers["Thread-Topic"] ?? sample?.headers["Subject"] ?? "").replace(/^Re: /, ""),
    );
    expect(await read(body.id)).toMatchObject({
      reply_of: asked.id,
      in_reply_to: header.in_reply_to,
    });
  });

  test("the answer to it back to the thread, under the caller's own name of it", async () => {
    const sent = await running.send({ thread_id: "zd-77", to: ["ada@example.com"] });
    const answered = await comes({ headers: { "In-Reply-To": sent.body.message_id } });
    const again = await reply(answered.id);
    expect(again.body.thread_id).toBe("zd-77");
    const third = await comes({ headers: { References: again.body.message_id } });
    expect(third).toMatchObject({ thread_id: "zd-77", stranger: false });
  });

  test("where the message has no Message-ID that can be named", async () => {
    const asked = await comes({ headers: { "Message-ID": "not an id" } });
    const { status, body } = await reply(asked.id);
    expect(status).toBe(202);
    expect(body.thread_id).toBe(asked.id);
    const header = await headerOf(body.id);
    expect([header.in_reply_to, header.references]).toEqual([null, []]);
  });
});

describe("a reply goes", () => {
  const group: Arriving = {
    headers: {
      From: "Ada <ada@example.com>",
      Cc: "Bob <bob@example.com>, eve@example.com, ADA@example.com",
    },
  };

  test("to Reply-To, else to From, and to nobody else", async () => {
    const plain = await read((await reply((await comes(group)).id)).body.id);
    expect([plain.to, plain.cc, plain.bcc]).toEqual([["ada@example.com"], [], []]);
    const headers = { ...group.headers, "Reply-To": "desk@example.com" };
    const asked = await read((await reply((await comes({ headers })).id)).body.id);
    expect(asked.to).toEqual(["desk@example.com"]);
  });

  test("with reply_all to everybody but ourselves under any of our addresses", async () => {
    const [local, domain] = box.address.split("@");
    const headers = {
      ...group.headers,
      To: `${box.address.toUpperCase()}, ${local}+01abc@${domain}, carl@example.com`,
    };
    const { id } = await comes({ headers });
    const more = {
      reply_all: true,
      cc: ["dora@example.com", "eve@example.com"],
      bcc: "boss@example.com",
    };
    const made = await read((await reply(id, more)).body.id);
    expect(made.to).toEqual(["ada@example.com"]);
    expect(made.cc).toEqual([
      "carl@example.com",
      "bob@example.com",
      "eve@example.com",
      "dora@example.com",
    ]);
    expect(made.bcc).toEqual(["boss@example.com"]);
  });

  test("where it follows up on our own mail, to whom that went", async () => {
    const sent = await running.send({
      to: ["Ada <ada@example.com>"],
      cc: ["bob@example.com"],
      bcc: ["eve@example.com"],
      thread_id: "follow-up",
    });
    const one = await read((await reply(sent.body.id)).body.id);
    expect([one.to, one.cc, one.bcc, one.thread_id]).toEqual([
      ["ada@example.com"],
      [],
      [],
      "follow-up",
    ]);
    const all = await read((await reply(sent.body.id, { reply_all: true })).body.id);
    expect([all.cc, all.bcc]).toEqual([["bob@example.com"], []]);
    expect((await headerOf(all.id)).in_reply_to).toBe(sent.body.message_id);
  });

  test("nowhere where the message names nobody but ourselves", async () => {
    const { id } = await comes({ headers: { From: box.address } });
    expect((await reply(id)).body).toMatchObject({ code: "validation_failed" });
  });

  test("nowhere where the message is not there for the agent", async () => {
    for (const status of ["pending_inbound_approval", "rejected", "deleted"])
      expect((await reply((await comes({ status })).id)).status, status).toBe(404);
    const other = await running.call(running.known.admin_key, "/v1/mailboxes", {
      address: "elsewhere",
    });
    const far = await arrive(node, other.body);
    expect((await reply(far.id)).status).toBe(404);
  });
});

describe("a reply says", () => {
  test("what its author says: subject, tags, metadata, files, time", async () => {
    const { id } = await comes();
    const sendAt = new Date(Date.now() + 3_600_000).toISOString();
    const { body } = await reply(id, {
      subject: "Another matter",
      tags: { a: "b" },
      metadata: { c: "d" },
      attachments: [{ filename: "a.txt", content: "YQ==", content_type: "text/plain" }],
      send_at: sendAt,
    });
    expect(await read(body.id)).toMatchObject({
      subject: "Another matter",
      tags: { a: "b" },
      metadata: { c: "d" },
      attachments: [{ filename: "a.txt" }],
      send_at: sendAt,
    });
  });

  test("an unknown field is refused by its name", async () => {
    const { id } = await comes();
    expect((await reply(id, { to: ["x@example.com"] })).body.error).toContain("to");
  });
});

describe("the same reply", () => {
  test("within a minute is refused, also where many ask at once", async () => {
    const { id } = await comes();
    const all = await Promise.all(Array.from({ length: 12 }, () => reply(id)));
    expect(all.filter((one) => one.status === 202)).toHaveLength(1);
    const refused = all.filter((one) => one.status !== 202);
    expect(new Set(refused.map((one) => one.body.code))).toEqual(new Set(["duplicate_reply"]));
    expect((await reply(id)).body.code).toBe("duplicate_reply");
    expect(
      (await reply(id, { send_at: new Date(Date.now() + 60_000).toISOString() })).body.code,
    ).toBe("duplicate_reply");
  });

  test("in other words, with other files or to another message is another reply", async () => {
    const { id } = await comes();
    const file = { filename: "a.txt", content: "YQ==" };
    for (const more of [
      {},
      { markdown: "Thank you!" },
      { attachments: [file] },
      { attachments: [{ ...file, content: "Yg==" }] },
      { reply_all: true },
    ])
      expect((await reply(id, more)).status).toBe(202);
    expect((await reply((await comes()).id)).status).toBe(202);
  });

  test("is free again after a minute", async () => {
    const { id } = await comes();
    expect((await reply(id)).status).toBe(202);
    await node.asOwner(
      "UPDATE idempotency SET created_at = created_at - interval '61 seconds' WHERE key LIKE ' reply %'",
    );
    expect((await reply(id)).status).toBe(202);
    expect((await reply(id)).status).toBe(409);
  });

  test("under a key is the first one again, also when the thread is locked since", async () => {
    const { id } = await comes();
    const made = await reply(id, { idempotency_key: "k1" });
    expect(made.status).toBe(202);
    await running.call(
      running.known.agent_key,
      `/v1/mailboxes/${box.id}/threads/${id}/owner`,
      { owner: "human" },
      { method: "PUT" },
    );
    expect(await reply(id, { idempotency_key: "k1" })).toMatchObject({
      status: 200,
      body: { id: made.body.id, status: "already_sent" },
    });
    expect((await reply(id, { idempotency_key: "k1", markdown: "x" })).body.code).toBe(
      "idempotency_conflict",
    );
    expect((await reply(id, { idempotency_key: "k2" })).body.code).toBe("thread_locked");
  });

  test("a caller's key never meets the engine's own", async () => {
    const { id } = await comes();
    expect((await reply(id, { idempotency_key: " reply x" })).body.code).toBe(
      "invalid_idempotency_key",
    );
  });
});

describe("a draft that answers an email", () => {
  const drafts = (): string => `/v1/mailboxes/${box.id}/drafts`;
  const draft = (body: object): Promise<Answer> =>
    running.call(running.known.agent_key, drafts(), body);

  test("goes where a reply would go, is threaded as one, and is sent later", async () => {
    const came = await comes({
      headers: {
        From: "Ada <ada@example.com>",
        To: `${box.address}, Bob <bob@example.com>`,
        Subject: "AW: Angebot",
        References: "<root@example.com>",
      },
    });
    const made = await draft({ reply_of: came.id, reply_all: true, cc: ["eve@example.com"] });
    expect(made).toMatchObject({
      status: 201,
      body: { status: "draft", subject: "Re: Angebot", thread_id: came.thread_id },
    });
    const { id } = made.body;
    const direct = await read(
      (await reply(came.id, { reply_all: true, cc: ["eve@example.com"] })).body.id,
    );
    for (const field of ["to", "cc", "subject", "thread_id", "in_reply_to"])
      expect(made.body[field], field).toEqual(direct[field]);
    const place = `${drafts()}/${id}`;
    const { agent_key: agent } = running.known;
    const changed = await running.call(agent, place, { markdown: "Later." }, { method: "PATCH" });
    expect(changed.status).toBe(200);
    expect((await running.call(agent, `${place}/send`, {})).status).toBe(202);
    const header = await headerOf(id);
    expect(header.in_reply_to).toBe(came.rfc_message_id);
    expect(header.references).toEqual(["<root@example.com>", came.rfc_message_id]);
  });

  test("keeps the recipients and the subject that it is given", async () => {
    const came = await comes();
    const made = await draft({ reply_of: came.id, to: "zoe@example.com", subject: "Mine" });
    expect(made.body).toMatchObject({
      to: ["zoe@example.com"],
      subject: "Mine",
      thread_id: came.thread_id,
    });
  });

  test("answers nothing of elsewhere, is in no other thread, and goes to all of nothing", async () => {
    const came = await comes();
    const known = { reply_of: came.id };
    for (const [field, status, body] of [
      ["reply_of", 404, { reply_of: "01ARZ3NDEKTSV4RRFFQ69G5FAV" }],
      ["thread_id", 400, { ...known, thread_id: "another" }],
      ["reply_all", 400, { reply_all: true }],
    ] as const)
      expect(await draft(body)).toMatchObject({ status, body: { field } });
  });
});

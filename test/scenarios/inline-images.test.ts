/** Pictures inside mail: sent by the API or by SMTP they stand in the HTML, and edits, resending and downloads know them. */
import { createTransport } from "nodemailer";
import PostalMime from "postal-mime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { setMode } from "./people.ts";
import { type SentOut, sentOut } from "./sent-out.ts";
import type { Answer } from "./running.ts";

let out: SentOut;
beforeAll(async () => {
  out = await sentOut();
});
afterAll(() => out?.stop());

const png = Buffer.from("89504e470d0a1a0a", "hex");
const attachments = [
  { filename: "a.txt", content_type: "text/plain", content: "YQ==" },
  {
    filename: "chart.png",
    content_type: "image/png",
    content: png.toString("base64"),
    content_id: "chart",
  },
];
const at = (id: string): string => `/v1/mailboxes/${out.running.known.mailbox_id}/emails/${id}`;
const read = async (data: string) => PostalMime.parse(data);
const shown = async (data: string): Promise<unknown> => {
  const { html, attachments: parts } = await read(data);
  return {
    src: html?.match(/<img src="([^"]*)"/)?.[1],
    parts: parts.map(({ filename, contentId, related }) => [
      filename,
      contentId ?? null,
      related === true,
    ]),
  };
};

test("a picture of the API stands where the markdown names it", async () => {
  const [copy] = await out.send("ada@example.com", {
    markdown: "Sales: ![a chart](cid:chart)",
    attachments,
  });
  expect(await shown(copy?.data ?? "")).toEqual({
    src: "cid:chart",
    parts: [
      ["chart.png", "<chart>", true],
      ["a.txt", null, false],
    ],
  });
  expect(copy?.data).toMatch(/^Feedback-ID: [0-9a-f]{12}:agent:[0-9a-f]{12}\r$/m);
  expect(copy?.data.replaceAll(/\r\n[ \t]+/g, "")).toMatch(
    /^DKIM-Signature:.*feedback-id:feedback-id:/m,
  );
  const email = await out.read(copy?.id ?? "");
  expect(email.attachments).toMatchObject([
    { filename: "chart.png", content_id: "chart", inline: true },
    { filename: "a.txt" },
  ]);
  const { known } = out.running;
  for (const [filename, bytes] of [
    ["chart.png", png],
    ["a.txt", Buffer.from("a")],
  ] as const) {
    const response = await fetch(`${known.url}${at(copy?.id ?? "")}/attachments/${filename}`, {
      headers: { authorization: `Bearer ${known.agent_key}` },
    });
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
  }
  const twice = await out.running.send({
    attachments: [attachments[1], { ...attachments[1], filename: "b.png" }],
  });
  expect(twice.body).toMatchObject({
    code: "validation_failed",
    field: "attachments[1].content_id",
  });
});

test("an edit and a second sending keep it", async () => {
  const { running } = out;
  const { known } = running;
  await setMode(running, out.cookie, known.mailbox_id, "gated_send");
  const first = await running.send({
    to: "eve@example.com",
    markdown: "See ![a chart](cid:chart)",
    attachments,
  });
  const edited = await running.call(
    known.agent_key,
    `${at(first.body.id)}/schedule`,
    {
      subject: "Another subject",
    },
    { method: "PATCH" },
  );
  expect([200, 202], JSON.stringify(edited.body)).toContain(edited.status);
  const raw = (): Promise<Answer> => running.call(known.agent_key, `${at(first.body.id)}/raw`);
  expect(await shown((await raw()).body)).toMatchObject({ src: "cid:chart" });
  await running.call(known.agent_key, `${at(first.body.id)}/cancel`, {});
  await setMode(running, out.cookie, known.mailbox_id, "autonomous");
  const again = await running.call(known.agent_key, `${at(first.body.id)}/resend`, {});
  await running.settled(again.body.id, "sent");
  const left = out.sink.messages.find(({ to }) => to.includes("eve@example.com"));
  expect(await shown(left?.data.toString("latin1") ?? "")).toEqual({
    src: "cid:chart",
    parts: [
      ["chart.png", "<chart>", true],
      ["a.txt", null, false],
    ],
  });
});

test("a picture of an SMTP client stands in its HTML, and what nothing shows is a file", async () => {
  const { running } = out;
  const { host, port } = running.instance.smtp?.submission ?? { host: "", port: 0 };
  const transport = createTransport({
    host,
    port,
    secure: false,
    tls: { rejectUnauthorized: false },
    auth: { user: "x", pass: running.known.agent_key },
  });
  await transport.sendMail({
    from: running.known.mailbox_address,
    to: "smtp@example.com",
    subject: "Pictures",
    html: '<p>Here <img src="cid:ii_1@outlook"> and <img src="cid:gone"></p>',
    attachments: [
      { filename: "one.png", content: png, contentType: "image/png", cid: "ii_1@outlook" },
      { filename: "two.png", content: png, contentType: "image/png", cid: "unused@outlook" },
    ],
  });
  const left = (): string | undefined =>
    out.sink.messages.find(({ to }) => to.includes("smtp@example.com"))?.data.toString("latin1");
  await expect.poll(left, { timeout: 20_000 }).toBeDefined();
  expect(await shown(left() ?? "")).toEqual({
    src: "cid:ii_1@outlook",
    parts: [
      ["one.png", "<ii_1@outlook>", true],
      ["two.png", null, false],
    ],
  });
  expect((await read(left() ?? "")).html).not.toContain("gone");
});

/** Received mail of any status, mode and attachments, kept as receiving keeps it, and put before the index worker. */
import { createHash } from "node:crypto";
import { type InboundStatus } from "../../src/core/inbound-status.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { putDue } from "../../src/store/due.ts";
import { insertReceived } from "../../src/store/inbound.ts";
import type { MailKindName } from "../../src/store/tables.ts";
import type { SecondNode } from "./second-node.ts";

/** What may be said of a message. */
export type Received = {
  from?: string;
  subject?: string;
  text?: string;
  status?: InboundStatus;
  kind?: MailKindName;
  /** The mailbox's mode when it came. */
  mode?: string;
  thread_id?: string;
  reply_to?: string;
  attachments?: { filename: string; content_type: string; content: Buffer }[];
};

/** Keeps a message; answers its id. */
export async function keepReceived(
  node: SecondNode,
  mailboxId: string,
  mail: Received = {},
  operatorId = node.operator_id,
): Promise<string> {
  const mime = composed(mail);
  const parsed = await parseMail(mime);
  const id = node.context.new_id();
  const now = node.context.now();
  await node.database.transaction(operatorId, async (tx) => {
    await insertReceived(tx, {
      message_id: id,
      mailbox_id: mailboxId,
      status: mail.status ?? "unread",
      kind: mail.kind ?? "mail",
      mode: mail.mode ?? "gated_send",
      digest: createHash("sha256").update(mime).digest("hex"),
      thread_id: mail.thread_id ?? id,
      reply_of: null,
      in_reply_to: null,
      rfc_message_id: `<${id}@example.com>`,
      from_address: parsed.from[0]?.address ?? "",
      from_name: parsed.from[0]?.name || null,
      subject: parsed.subject,
      attachments: parsed.attachments.map(
        ({ filename, content_type, size_bytes, inline, content_id }) => ({
          filename,
          content_type,
          size_bytes,
          inline,
          content_id,
        }),
      ),
      metadata: {},
      reason: null,
      authentication: { dmarc: "pass" },
      screening: { verdict: mail.status?.startsWith("spam") ? "review" : "pass" },
      created_at: now,
      mime,
      markdown: parsed.markdown,
      body_text: parsed.text,
      new_text: parsed.new_text,
      recipients: [{ kind: "to", address: "agent@here.example", name: null }],
    });
    await putDue(tx, "index", [{ message_id: id, at: now }]);
  });
  return id;
}

function composed(mail: Received): Buffer {
  const { from = "Ada <ada@example.com>", subject = "A question", text = "Hello.\r\n" } = mail;
  const head = [
    `From: ${from}`,
    `Subject: ${subject}`,
    ...(mail.reply_to === undefined ? [] : [`Reply-To: ${mail.reply_to}`]),
    "MIME-Version: 1.0",
  ];
  const plain = ["Content-Type: text/plain; charset=utf-8", "", text];
  if (!mail.attachments) return Buffer.from([...head, ...plain].join("\r\n"));
  const parts = mail.attachments.map(({ filename, content_type, content }) =>
    [
      `Content-Type: ${content_type}; name="${filename}"`,
      `Content-Disposition: attachment; filename="${filename}"`,
      "Content-Transfer-Encoding: base64",
      "",
      content.toString("base64").replaceAll(/.{76}/g, "$&\r\n"),
    ].join("\r\n"),
  );
  const all = [plain.join("\r\n"), ...parts].map((part) => `--b\r\n${part}\r\n`).join("");
  return Buffer.from(
    `${[...head, "Content-Type: multipart/mixed; boundary=b", "", ""].join("\r\n")}${all}--b--\r\n`,
  );
}

/** Received mail for scenarios, put where receiving puts it: parsed, threaded, kept. Status and kind are the scenario's to say. */
import { createHash } from "node:crypto";
import { threadFor } from "../../src/engine/threads.ts";
import { readReplyAddress } from "../../src/engine/addresses.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { insertReceived } from "../../src/store/inbound.ts";
import { touchThreads } from "../../src/store/threads.ts";
import type { MailKindName } from "../../src/store/tables.ts";
import type { SecondNode } from "./second-node.ts";

/** A message as another mail system sends it. */
export type Arriving = {
  /** Header fields in order. From, To, Subject and Message-ID are added where they are missing. */
  headers?: Record<string, string>;
  text?: string;
  /** The envelope's recipient; the mailbox itself unless said. */
  to?: string;
  status?: string;
  kind?: MailKindName;
};

/** What became of it. */
export type Arrived = { id: string; thread_id: string; stranger: boolean; rfc_message_id: string };

let counter = 0;

/** Lets a message arrive in a mailbox. */
export async function arrive(
  node: SecondNode,
  mailbox: { id: string; address: string },
  { headers = {}, text = "Hello.", to, status = "unread", kind = "mail" }: Arriving = {},
): Promise<Arrived> {
  const all: Record<string, string> = {
    "Return-Path": "<ada@example.com>",
    From: "Ada <ada@example.com>",
    To: mailbox.address,
    Subject: "A question",
    "Message-ID": `<${++counter}@example.com>`,
    ...headers,
  };
  const fields = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const mime = Buffer.from(`${fields.join("")}\r\n${text}\r\n`);
  const parsed = await parseMail(mime);
  const { context } = node;
  const id = context.new_id();
  const from = parsed.from[0]?.address ?? "";
  const createdAt = context.now();
  return context.database.transaction(node.operator_id, async (tx) => {
    const token = readReplyAddress(context.unsubscribe_key, to ?? mailbox.address).message_id;
    const joined = await threadFor(context, tx, {
      mailbox_id: mailbox.id,
      in_reply_to: parsed.in_reply_to,
      references: parsed.references,
      reply_token_message_id: token,
      from,
    });
    const threadId = joined.thread_id ?? id;
    await insertReceived(tx, {
      message_id: id,
      mailbox_id: mailbox.id,
      status,
      kind,
      mode: "gated_send",
      digest: createHash("sha256").update(mime).digest("hex"),
      thread_id: threadId,
      reply_of: joined.reply_of,
      in_reply_to: parsed.in_reply_to,
      rfc_message_id: parsed.message_id ?? "",
      from_address: from,
      from_name: parsed.from[0]?.name ?? null,
      subject: parsed.subject,
      attachments: [],
      metadata: {},
      reason: null,
      authentication: null,
      screening: { stranger_in_thread: joined.stranger },
      created_at: createdAt,
      mime,
      markdown: parsed.markdown,
      body_text: parsed.text,
      new_text: parsed.new_text,
      recipients: [{ kind: "to", address: to ?? mailbox.address, name: null }],
    });
    await touchThreads(tx, [
      {
        mailbox_id: mailbox.id,
        thread_id: threadId,
        subject: parsed.subject,
        message_id: id,
        direction: "inbound",
        created_at: createdAt,
      },
    ]);
    return {
      id,
      thread_id: threadId,
      stranger: joined.stranger,
      rfc_message_id: parsed.message_id ?? "",
    };
  });
}

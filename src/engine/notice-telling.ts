/** One person told of messages, by mail or in their chat: what a notice says is loaded when it is needed. */
import { z } from "zod";
import { countApprovals } from "../core/oversight/machine.ts";
import { Refusal } from "../core/refusal.ts";
import { ComposeError } from "../mail/compose.ts";
import type { Tx } from "../store/database.ts";
import { lastVersion } from "../store/message-versions.ts";
import { type LoadedMessage, loadMarkdowns } from "../store/messages.ts";
import type { Decider, NoticeAbout } from "../store/notices.ts";
import type { EngineContext } from "./context.ts";
import { decisionLink } from "./decision-link.ts";
import { replyCode } from "./decide-by-reply.ts";
import { standingApprovals } from "./machine-row.ts";
import {
  type NoticeItem,
  type NoticeMail,
  chatListOf,
  chatOf,
  listOf,
  noticeOf,
} from "./notice-text.ts";
import { queueChatPost, queueServiceMail } from "./service-mail.ts";
import { diffVersions } from "./version-diff.ts";

/** A message and what a person is told of it. */
export type Told = { message: LoadedMessage; about: NoticeAbout };

const found = z.object({
  /** Of mail to be sent. */
  findings: z.array(z.object({ rule: z.string(), detail: z.string().catch("") })).catch([]),
  /** Of received mail. */
  reasons: z.array(z.object({ rule: z.string(), detail: z.string().catch("") })).catch([]),
});

/** What a message says, and what its last edit changed. */
type Content = Pick<NoticeItem, "body" | "diff">;

/** Tells people in one transaction; what several are told of is loaded once. */
export function createTelling(context: EngineContext, tx: Tx) {
  const contents = new Map<string, Promise<Content>>();
  const contentOf = (message: LoadedMessage): Promise<Content> => {
    const id = message.row.message_id;
    const known = contents.get(id) ?? loadContent(tx, message);
    contents.set(id, known);
    return known;
  };
  const queue = `${context.public_url}/`;
  const listed = (person: Decider, told: readonly Told[]): NoticeItem[] =>
    told.map((one) => itemOf(context, person, one, "link", { body: "", diff: null }));

  async function mailOne(person: Decider, one: Told): Promise<void> {
    const { code, reply_to } = await replyFor(context, tx, person, one.message);
    const item = {
      ...itemOf(context, person, one, "link", await contentOf(one.message)),
      reply_code: code,
    };
    const bare = { ...item, subject: "", body: "", diff: null, findings: [], reason: null };
    // Nothing in a message may keep its people from being told of it, and no address the others.
    for (const words of [item, bare])
      if (
        await mailTo(context, tx, person, {
          ...noticeOf(words),
          message_id: item.message_id,
          ...(reply_to === null ? {} : { reply_to }),
        })
      )
        return;
  }

  return {
    async mail(person: Decider, told: readonly Told[], together: boolean): Promise<void> {
      if (!together) {
        for (const one of told) await mailOne(person, one);
        return;
      }
      await mailTo(context, tx, person, listOf(listed(person, told), queue));
    },

    async chat(
      person: Decider,
      url: string,
      told: readonly Told[],
      together: boolean,
    ): Promise<void> {
      if (together) {
        const document = chatListOf(listed(person, told), queue);
        await queueChatPost(context, tx, { url, message_id: null, document });
        return;
      }
      for (const one of told) {
        const item = itemOf(context, person, one, "chat", { body: "", diff: null });
        const { message_id } = item;
        await queueChatPost(context, tx, { url, message_id, document: chatOf(item) });
      }
    },
  };
}

/** Queues a notice; false where it cannot be composed. */
async function mailTo(
  context: EngineContext,
  tx: Tx,
  person: Decider,
  mail: NoticeMail & { message_id?: string; reply_to?: string },
): Promise<boolean> {
  try {
    await queueServiceMail(context, tx, { kind: "notice", to: person.email, ...mail });
    return true;
  } catch (error) {
    if (!(error instanceof ComposeError)) throw error;
    const { person_id } = person;
    context.log.warn({ person_id, error: error.message }, "a notice cannot be composed");
    return false;
  }
}

/** What the person answers with; nothing where an answer decides nothing, or the hour has seen enough codes. */
async function replyFor(
  context: EngineContext,
  tx: Tx,
  { person_id }: Decider,
  { row }: LoadedMessage,
): Promise<{ code: string | null; reply_to: string | null }> {
  const none = { code: null, reply_to: null };
  if (row.direction === "inbound" || row.passkey || row.expires_at === null) return none;
  try {
    const { message_id, digest, expires_at } = row;
    const made = await replyCode(context, tx, { message_id, digest, person_id, expires_at });
    return made.reply_to === null ? none : made;
  } catch (error) {
    if (error instanceof Refusal && error.code === "rate_limited") return none;
    throw error;
  }
}

async function loadContent(tx: Tx, { row, recipients }: LoadedMessage): Promise<Content> {
  const id = row.message_id;
  const markdown = (await loadMarkdowns(tx, [id])).get(id) ?? "";
  const before = row.direction === "outbound" ? await lastVersion(tx, id) : null;
  const { subject, attachments } = row;
  return {
    body: markdown,
    diff: before ? diffVersions(before, { subject, markdown, recipients, attachments }) : null,
  };
}

function itemOf(
  context: EngineContext,
  person: Decider,
  { message: { row, recipients, decisions }, about }: Told,
  via: "link" | "chat",
  content: Content,
): NoticeItem {
  const inbound = row.direction === "inbound";
  const { findings, reasons } = found.parse(row.screening ?? {});
  const link =
    inbound || row.expires_at === null
      ? null
      : decisionLink(context, {
          operator_id: row.operator_id,
          message_id: row.message_id,
          person_id: person.person_id,
          digest: row.digest,
          via,
          expires_at: row.expires_at,
        });
  return {
    message_id: row.message_id,
    about,
    inbound,
    from: row.from_address,
    subject: row.subject,
    recipients: recipients.map(({ kind, address, name }) => ({ kind, address, name })),
    reason: row.reason,
    findings: [...findings, ...reasons].map(({ rule, detail }) => detail || rule),
    attachments: row.attachments,
    ...content,
    digest: row.digest,
    approvals: countApprovals(
      { approvals: standingApprovals({ decisions }), passkey: row.passkey, authors: row.authors },
      row.digest,
    ),
    required: row.required,
    passkey: row.passkey,
    expires_at: row.expires_at,
    reply_code: null,
    links: {
      page: `${context.public_url}/messages/${row.message_id}`,
      approve: link === null || row.passkey ? null : `${link}?decision=approve`,
      reject: link === null ? null : `${link}?decision=reject`,
    },
  };
}

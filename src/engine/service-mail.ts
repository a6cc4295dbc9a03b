/** Mail of the service itself: codes, invitations and notices, to people of the operator and nobody else. */
import { composeService } from "../mail/compose-service.ts";
import type { Tx } from "../store/database.ts";
import { insertServiceMail, isChatTarget, isServiceRecipient } from "../store/service-mail.ts";
import type { EngineContext } from "./context.ts";

/** One mail to one person. */
export type ServiceMail = {
  /** What it is for, such as `code`, `invitation` or `notice`; stays in the row. */
  kind: string;
  to: string;
  subject: string;
  /** Plain text. */
  text: string;
  /** The same as HTML of ours; whatever is foreign in it must be escaped already. */
  html?: string;
  /** Where answers go, where that is not the service's own address. */
  reply_to?: string;
  headers?: Readonly<Record<string, string>>;
  /** The message that a decision is asked for: once it waits for none, the mail does not go any more. */
  message_id?: string;
};

/** The address that the service itself writes from. */
export function serviceAddress(context: Pick<EngineContext, "instance_domain">): string {
  return `oversight@${context.instance_domain}`;
}

/**
 * Puts a mail in the queue, in the caller's transaction: it goes if that commits, while the operator is stopped too. Throws
 * for an address that is neither a person's of the operator, nor invited, nor the oversight address: no way leads from here to
 * strangers. Throws `ComposeError` for text that cannot stand in a mail. After the commit `context.wake.service_mail()` makes it
 * leave at once; without, it leaves within a second.
 */
export async function queueServiceMail(
  context: Pick<EngineContext, "now" | "new_id" | "instance_domain">,
  tx: Tx,
  mail: ServiceMail,
): Promise<void> {
  const now = context.now();
  if (!(await isServiceRecipient(tx, mail.to, now)))
    throw new Error(`mail of the service (${mail.kind}) goes to people of the operator only`);
  const id = context.new_id();
  const { reply_to, html, headers } = mail;
  const mime = composeService({
    from: { name: "MultiMail", address: serviceAddress(context) },
    to: mail.to,
    ...(reply_to === undefined ? {} : { reply_to }),
    subject: mail.subject,
    text: mail.text,
    ...(html === undefined ? {} : { html }),
    message_id: `<${id.toLowerCase()}@${context.instance_domain}>`,
    date: now,
    ...(headers === undefined ? {} : { headers }),
  });
  await insertServiceMail(tx, [
    {
      mail_id: id,
      channel: "mail",
      kind: mail.kind,
      to_address: mail.to,
      message_id: mail.message_id ?? null,
      mime,
      created_at: now,
    },
  ]);
}

/** Puts a post to a person's chat in the queue, under the same terms: to a URL that a living person has given us, else it throws. */
export async function queueChatPost(
  context: Pick<EngineContext, "now" | "new_id">,
  tx: Tx,
  post: { url: string; message_id: string | null; document: object },
): Promise<void> {
  if (!(await isChatTarget(tx, post.url)))
    throw new Error("chats are posted to where a person of the operator asked for it only");
  await insertServiceMail(tx, [
    {
      mail_id: context.new_id(),
      channel: "chat",
      kind: "notice",
      to_address: post.url,
      message_id: post.message_id,
      mime: Buffer.from(JSON.stringify(post.document)),
      created_at: context.now(),
    },
  ]);
}

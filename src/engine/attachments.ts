/** Attachments: their bytes, taken out of the stored message when somebody asks. */
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import type { ParsedAttachment } from "../mail/parsed-mail.ts";
import { type MessageRow, loadMime } from "../store/messages.ts";
import type { AttachmentMeta } from "../store/column-types.ts";
import type { EngineContext } from "./context.ts";
import { visibleMessage } from "./read-messages.ts";

/** Which attachment of a message: by name, or by its place where two have the same name. */
export type AttachmentWish = {
  email_id: string;
  mailbox_id?: string | undefined;
  filename: string;
  index?: number | undefined;
};

/** An attachment with its bytes. `content_type` is as its sender said. */
export type AttachmentBytes = AttachmentMeta & { index: number; content: Buffer };

/** A message's row, and the place and description of one of its attachments. Throws `not_found`. */
export async function findAttachment(
  context: EngineContext,
  actor: Actor,
  wanted: AttachmentWish,
): Promise<{ row: MessageRow; index: number; meta: AttachmentMeta }> {
  const { row } = await context.database.as(actor.operator_id, (tx) =>
    visibleMessage(tx, actor, wanted.email_id, wanted.mailbox_id),
  );
  const index =
    wanted.index ?? row.attachments.findIndex(({ filename }) => filename === wanted.filename);
  const meta = row.attachments[index];
  if (!meta || meta.filename !== wanted.filename)
    throw new Refusal("not_found", "The email has no such attachment.", { field: "filename" });
  return { row, index, meta };
}

/** One attachment that the actor may see. */
export async function readAttachment(
  context: EngineContext,
  actor: Actor,
  wanted: AttachmentWish,
): Promise<AttachmentBytes> {
  const { row, index } = await findAttachment(context, actor, wanted);
  return attachmentAt(context, row, index);
}

/** The attachment at a place of a message. Throws `not_found`. */
export async function attachmentAt(
  context: EngineContext,
  row: Pick<MessageRow, "operator_id" | "message_id" | "attachments">,
  index: number,
): Promise<AttachmentBytes> {
  const mime = await context.database.as(row.operator_id, async (tx) =>
    (await loadMime(tx, [row.message_id])).get(row.message_id),
  );
  const meta = row.attachments[index];
  if (!mime || !meta) throw gone();
  const parsed = await context.mail.parse(mime);
  const part = partOf(parsed.attachments, meta, index);
  if (!part) throw gone();
  return { ...meta, index, content: part.content };
}

/** The part that was described: at the same place and of the same size, else the only one of that name and size. */
function partOf(
  parts: readonly ParsedAttachment[],
  meta: AttachmentMeta,
  index: number,
): ParsedAttachment | undefined {
  const fits = (part: ParsedAttachment | undefined): boolean =>
    part?.content.length === meta.size_bytes;
  const there = parts[index];
  if (fits(there)) return there;
  const named = parts.filter((part) => fits(part) && part.filename === meta.filename);
  return named.length === 1 ? named[0] : undefined;
}

function gone(): Refusal {
  return new Refusal("not_found", "The attachment cannot be read.", { field: "filename" });
}

/** Types that a browser would run, or render as a page of ours. */
const active = /html|xml|svg|javascript|ecmascript|xsl|flash|hta/i;

/** The type to answer with: the sender's, unless it is one that browsers run. */
export function servedType(contentType: string): string {
  return active.test(contentType) ? "application/octet-stream" : contentType;
}

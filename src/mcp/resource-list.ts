/** The list of MCP resources, page by page, and what completions offer of it. */
import {
  ProtocolError,
  ProtocolErrorCode,
  type Resource,
  ResourceNotFoundError,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { type OperationSpec, opens } from "../contract/operation.ts";
import { idPattern } from "../core/id.ts";
import { Refusal } from "../core/refusal.ts";
import type { CallContext, Caller } from "./call.ts";

/** What one page of the list holds at most. */
const pageSize = 50;

/**
 * Calls through the dispatcher, the one road. What it refuses becomes an error of the protocol: of the resource at `uri`,
 * where one is read, else InvalidParams with the refusal's code.
 */
export async function called(
  context: CallContext,
  caller: Caller,
  operation: Pick<OperationSpec, "name">,
  input: Record<string, unknown>,
  uri: string | null,
): Promise<unknown> {
  const request_id = context.new_request_id();
  try {
    const reply = await context.dispatcher.call(operation.name, caller.actor, input, {
      request_id,
    });
    return reply.body;
  } catch (error) {
    if (!(error instanceof Refusal)) {
      context.log.error({ err: error, request_id }, "a resource could not be read");
      throw new ProtocolError(ProtocolErrorCode.InternalError, "Something went wrong here.", {
        code: "internal",
        request_id,
      });
    }
    // An address with an id that is none names nothing.
    const nothing = error.code === "not_found" || error.code === "validation_failed";
    if (uri !== null && nothing) throw new ResourceNotFoundError(uri);
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message, {
      code: error.code,
      request_id,
      ...error.detail,
    });
  }
}

const mailboxPage = z.object({
  mailboxes: z.array(z.object({ id: z.string(), address: z.string(), oversight_mode: z.string() })),
  next_cursor: z.string().nullable(),
});
const mailPage = z.object({
  emails: z.array(
    z.object({
      id: z.string(),
      direction: z.string(),
      status: z.string(),
      from_address: z.string(),
      size_bytes: z.number(),
      created_at: z.string(),
    }),
  ),
  next_cursor: z.string().nullable(),
});

/** Where a list goes on: in the list of mailboxes, or in the mail of one. */
const place = z.union([
  z.strictObject({ mailboxes: z.string().max(300) }),
  z.strictObject({ mailbox_id: z.string().regex(idPattern), mail: z.string().max(300).nullable() }),
]);

/** A page of the list. Throws InvalidParams for a cursor that is not ours. */
export async function resourcePage(
  context: CallContext,
  caller: Caller,
  cursor: string | undefined,
): Promise<{ resources: Resource[]; nextCursor?: string }> {
  if (!reads(context, caller)) return { resources: [] };
  const at = cursor === undefined ? null : placeOf(cursor);
  if (at !== null && "mailbox_id" in at) return mailOf(context, caller, at.mailbox_id, at.mail);
  const found = mailboxPage.parse(
    await called(
      context,
      caller,
      { name: "list_mailboxes" },
      { limit: pageSize, ...(at === null ? {} : { cursor: at.mailboxes }) },
      null,
    ),
  );
  const resources = found.mailboxes.map(({ id, address, oversight_mode }) => ({
    uri: `multimail://mailbox/${id}`,
    name: `mailbox ${address}`,
    title: address,
    description: `A mailbox in mode ${oversight_mode}`,
    mimeType: "application/json",
  }));
  if (found.next_cursor !== null)
    return { resources, nextCursor: cursorOf({ mailboxes: found.next_cursor }) };
  const mailbox_id = caller.default_mailbox_id ?? (await mailboxAfter(context, caller, null));
  return mailbox_id === null
    ? { resources }
    : { resources, nextCursor: cursorOf({ mailbox_id, mail: null }) };
}

/** A page of a mailbox's mail. The names hold nothing that an outsider chose but a plain address. */
async function mailOf(
  context: CallContext,
  caller: Caller,
  mailbox_id: string,
  cursor: string | null,
): Promise<{ resources: Resource[]; nextCursor?: string }> {
  const input = { mailbox_id, limit: pageSize, ...(cursor === null ? {} : { cursor }) };
  const found = mailPage.parse(await called(context, caller, { name: "check_inbox" }, input, null));
  const resources = found.emails.map((mail) => ({
    uri: `multimail://message/${mail.id}`,
    name: `message ${mail.id}`,
    title: `${mail.direction} mail, ${mail.created_at}`,
    description: `${mail.status}, from ${/^[!-~]{1,320}$/.test(mail.from_address) ? mail.from_address : "an address"}`,
    mimeType: "application/json",
    size: mail.size_bytes,
  }));
  if (found.next_cursor !== null)
    return { resources, nextCursor: cursorOf({ mailbox_id, mail: found.next_cursor }) };
  if (caller.default_mailbox_id !== null) return { resources };
  const next = await mailboxAfter(context, caller, mailbox_id);
  return next === null
    ? { resources }
    : { resources, nextCursor: cursorOf({ mailbox_id: next, mail: null }) };
}

/** The mailbox that comes after `previous` in the order of ids, whatever order the list has; null at the end. */
async function mailboxAfter(
  context: CallContext,
  caller: Caller,
  previous: string | null,
): Promise<string | null> {
  const ids = await mailboxIds(context, caller);
  return ids.toSorted().find((id) => previous === null || id > previous) ?? null;
}

/** Ids of the mailboxes that the caller reaches, at most some thousand. */
export async function mailboxIds(context: CallContext, caller: Caller): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < 20; pages++) {
    const page: z.output<typeof mailboxPage> = mailboxPage.parse(
      await called(
        context,
        caller,
        { name: "list_mailboxes" },
        { limit: 100, ...(cursor === null ? {} : { cursor }) },
        null,
      ),
    );
    ids.push(...page.mailboxes.map(({ id }) => id));
    cursor = page.next_cursor;
    if (cursor === null) break;
  }
  return ids;
}

/** Ids of the newest mail of a mailbox. */
export async function recentMail(
  context: CallContext,
  caller: Caller,
  mailbox_id: string,
): Promise<string[]> {
  const input = { mailbox_id, limit: 100 };
  const page = mailPage.parse(await called(context, caller, { name: "check_inbox" }, input, null));
  return page.emails.map(({ id }) => id);
}

/** True where the caller's scopes open what lists are made of. */
export function reads(context: CallContext, { actor }: Caller): boolean {
  return ["list_mailboxes", "check_inbox"].every((name) =>
    context.dispatcher.operations.some((one) => one.name === name && opens(one, actor)),
  );
}

function cursorOf(at: z.input<typeof place>): string {
  return Buffer.from(JSON.stringify(at)).toString("base64url");
}

function placeOf(cursor: string): z.output<typeof place> {
  try {
    if (cursor.length > 1000) throw new Error("too long");
    return place.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
  } catch {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, "The cursor is not one of a list.");
  }
}

/** One tool call: from arguments through the dispatcher to an MCP result, refusals and bugs included. */
import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/server";
import type { Dispatcher } from "../contract/dispatch.ts";
import { type BytesReply, type OperationSpec, bytes, opens } from "../contract/operation.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { fence, partUntrusted } from "./fence.ts";
import type { ToolEntry } from "./tools.ts";

/** Where the door writes; pino's loggers fit. */
export type McpLog = {
  error(fields: Record<string, unknown>, message: string): void;
  debug(fields: Record<string, unknown>, message: string): void;
};

/** What calls need besides the caller. */
export type CallContext = {
  dispatcher: Dispatcher;
  /** True when every mailbox that the actor reaches is in mode `read_only`. */
  read_only_view(actor: Actor): Promise<boolean>;
  public_url: string;
  new_request_id(): string;
  random_bytes(length: number): Uint8Array;
  log: McpLog;
};

/** Who calls, as this one HTTP request showed. */
export type Caller = {
  actor: Actor;
  /** Stands in for a `mailbox_id` that was left out. */
  default_mailbox_id: string | null;
  /** Size of the HTTP body the call came in. */
  body_bytes: number;
};

/** The HTTP header that names the mailbox for calls that leave out `mailbox_id`. */
export const mailboxHeader = "MultiMail-Mailbox-Id";

/** Largest body of a call whose operation names none, as at the REST door. */
export const defaultMaxBody = 1024 * 1024;

/** What JSON-RPC and MCP may add around the arguments. */
export const wrapping = 64 * 1024;

/**
 * Calls the operation of `entry`; one that waits stops when `signal` aborts. Never throws: refusals and bugs are results
 * with `isError`.
 */
export async function callTool(
  context: CallContext,
  caller: Caller,
  entry: ToolEntry,
  args: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<CallToolResult> {
  const request_id = context.new_request_id();
  const { operation } = entry;
  const input =
    entry.needs_mailbox && caller.default_mailbox_id !== null && args["mailbox_id"] === undefined
      ? { ...args, mailbox_id: caller.default_mailbox_id }
      : args;
  try {
    assertBodySize(operation, caller.body_bytes);
    await assertVisible(context, operation, caller.actor);
    const reply = await context.dispatcher.call(operation.name, caller.actor, input, {
      request_id,
      ...(signal === undefined ? {} : { signal }),
    });
    return reply.kind === "bytes"
      ? bytesResult(reply, resourceUri(context.public_url, operation, input), context)
      : entry.foreign_words === "whole"
        ? documentResult(reply.body, resourceUri(context.public_url, operation, input), context)
        : jsonResult(reply.body, entry, context);
  } catch (error) {
    if (error instanceof Refusal) return refusalResult(error, request_id);
    context.log.error({ err: error, operation: operation.name, request_id }, "a tool call failed");
    return refusalResult(
      new Refusal(
        "internal",
        "Something went wrong here. Nothing is known about the outcome of the call.",
        {
          hint: "Look at the state before you call again, and give the request_id to whoever runs this server.",
        },
      ),
      request_id,
    );
  }
}

/** One large limit at the socket would let a small call be as large as one with attachments. */
function assertBodySize(operation: OperationSpec, bodyBytes: number): void {
  const most = (operation.max_body ?? defaultMaxBody) + wrapping;
  if (bodyBytes > most)
    throw new Refusal(
      "payload_too_large",
      `A call of ${operation.name} may take ${most} bytes, not ${bodyBytes}.`,
    );
}

/** A hidden tool is refused as the sending itself would be; callers without the scope learn that first. */
async function assertVisible(
  context: CallContext,
  operation: OperationSpec,
  actor: Actor,
): Promise<void> {
  if (operation.hidden_when_read_only !== true) return;
  if (!opens(operation, actor)) return;
  if (await context.read_only_view(actor))
    throw new Refusal(
      "mode_forbids_send",
      "Every mailbox you can use is read_only, which forbids sending.",
      {
        hint: "Ask a person for more autonomy with request_upgrade.",
      },
    );
}

function jsonResult(body: unknown, entry: ToolEntry, context: CallContext): CallToolResult {
  const content =
    entry.foreign_words === undefined ? [text(JSON.stringify(body))] : partedContent(body, context);
  return { content, structuredContent: body };
}

/** A document of ours and others' words: whole, as it can be checked only so, but apart from what we say ourselves. */
function documentResult(body: unknown, uri: string, context: CallContext): CallToolResult {
  const file = bytes("application/json", Buffer.from(JSON.stringify(body)));
  return { ...bytesResult(file, uri, context), structuredContent: body };
}

/** The exact bytes as an embedded resource, behind a block that says what they are. */
function bytesResult(reply: BytesReply, uri: string, context: CallContext): CallToolResult {
  const about = {
    content_type: reply.content_type,
    size_bytes: reply.body.length,
    ...(reply.filename === undefined ? {} : { filename: reply.filename }),
    content: "untrusted",
  };
  const asText = /^(text\/|message\/|application\/json$)/.test(reply.content_type)
    ? utf8(reply.body)
    : null;
  const resource = { uri, mimeType: reply.content_type };
  return {
    content: [
      ...partedContent(about, context),
      {
        type: "resource",
        resource:
          asText === null
            ? { ...resource, blob: reply.body.toString("base64") }
            : { ...resource, text: asText },
      },
    ],
  };
}

function partedContent(body: unknown, context: CallContext): ContentBlock[] {
  return partedTexts(body, context).flatMap((one) => (one === undefined ? [] : [text(one)]));
}

/** What MultiMail knows as JSON, and behind it, where there is any, what outsiders wrote, fenced. */
export function partedTexts(
  body: unknown,
  context: Pick<CallContext, "random_bytes">,
): [string, string?] {
  const { trusted, untrusted } = partUntrusted(body);
  const known = JSON.stringify(trusted);
  if (untrusted.length === 0) return [known];
  const nonce = Buffer.from(context.random_bytes(16)).toString("hex");
  return [known, fence(untrusted, nonce)];
}

/** The text, or null where the bytes are not UTF-8: a replacement character would falsify them. */
function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The address of the same bytes: the resource's, or REST's. */
function resourceUri(
  publicUrl: string,
  operation: OperationSpec,
  input: Record<string, unknown>,
): string {
  const template = operation.resource?.uri ?? operation.path;
  const path = template.replaceAll(/\{(\w+)(\*?)\}/g, (_, name: string, rest: string) => {
    const value = input[name];
    const encoded = encodeURIComponent(typeof value === "string" ? value : "");
    return rest === "" ? encoded : encoded.replaceAll("%2F", "/");
  });
  return new URL(path, publicUrl).href;
}

function refusalResult(refusal: Refusal, request_id: string): CallToolResult {
  const told = { error: refusal.message, code: refusal.code, request_id, ...refusal.detail };
  return { isError: true, content: [text(JSON.stringify(told))], structuredContent: told };
}

function text(value: string): ContentBlock {
  return { type: "text", text: value };
}

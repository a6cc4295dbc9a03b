/** The shape of an operation: one capability, from which REST, OpenAPI, MCP, CLI and docs are computed. */
import { z } from "zod";
import { type Actor, type Scope, holds } from "../core/actor.ts";
import type { RefusalCode } from "../core/refusal.ts";

/** What calling it changes. Doors derive MCP annotations and caching from it, tests the authorisation matrix. */
export type Effect =
  /** Changes nothing. */
  | "read"
  /** Changes our own records. */
  | "write"
  /** Takes something away that does not come back. */
  | "destroy"
  /** May make mail leave towards other people. */
  | "send"
  /** Decides on what another party wrote. */
  | "decide";

/** The scope a caller needs, or `public` for those that need no credential. */
export type Access = Scope | "public";

/** An answer whose status differs from the operation's usual one. */
export type JsonReply = {
  kind: "json";
  status: number;
  body: unknown;
  /** Tells versions of a public document apart: a caller that has this one is answered 304 (RFC 9110 section 8.8.3). */
  etag?: string;
};

/** An answer that is not JSON. */
export type BytesReply = {
  kind: "bytes";
  status: number;
  content_type: string;
  body: Buffer;
  /** Sent as an attachment of that name; absent means inline. */
  filename?: string;
  /** True for content that never changes under its address. */
  immutable?: boolean;
};

/**
 * An answer that is written while it is made, for what is too long to hold or never ends. Only the HTTP door gives it: such
 * operations are no tools.
 */
export type StreamReply = {
  kind: "stream";
  status: number;
  content_type: string;
  /** Asked for the next part as the caller reads; ended early where the caller goes away. */
  body: AsyncIterable<string | Uint8Array>;
  /** Sent as an attachment of that name; absent means inline. */
  filename?: string;
};

/** Wraps parts that come one after the other. */
export function stream(
  content_type: string,
  body: AsyncIterable<string | Uint8Array>,
  more: { filename?: string } = {},
): StreamReply {
  return { kind: "stream", status: 200, content_type, body, ...more };
}

/** The media type of a stream of events (WHATWG HTML, section 9.2). */
export const eventStream = "text/event-stream";

/** Every kind of answer. */
export type Reply = JsonReply | BytesReply | StreamReply;

/** Wraps a body with a status of its own. */
export function json(status: number, body: unknown): JsonReply {
  return { kind: "json", status, body };
}

/** Wraps raw bytes. */
export function bytes(
  content_type: string,
  body: Buffer,
  more: { filename?: string; immutable?: boolean } = {},
): BytesReply {
  return { kind: "bytes", status: 200, content_type, body, ...more };
}

/** What a door knows of the call besides its input. */
export type CallMeta = {
  request_id: string;
  /** Value of the `Idempotency-Key` header, where one came. */
  idempotency_key?: string;
  /** Aborted when the caller goes away: calls that wait stop waiting. */
  signal?: AbortSignal;
  /** Value of the `Last-Event-ID` header, where one came. */
  last_event_id?: string;
  /** Finds out anew who calls, for answers that go on: null once the credential no longer stands. */
  reauthenticate?: () => Promise<Actor | null>;
};

/** A command that fixes some of an operation's inputs; those are no flags of it. */
export type CliPreset = {
  command: string;
  /** Help's line; the operation's summary where it is absent. */
  summary?: string;
  positional?: readonly string[];
  preset: Readonly<Record<string, unknown>>;
};

/** An operation without its handler's types: all that a door needs to know. */
export type OperationSpec = {
  /** snake_case; also the MCP tool, and in kebab-case the file and CLI command. */
  name: string;
  tag: string;
  summary: string;
  /** What an agent reads to decide whether and how to call it. */
  description: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/v1/mailboxes/{mailbox_id}/send`; a `{name*}` takes the rest of the path. */
  path: string;
  effect: Effect;
  access: Access;
  /** A second scope that opens it just as well. */
  or_access?: Scope;
  /**
   * True where some calls change what protects people: asked for by a key, such a call is answered 202 and waits for a
   * person. {@link operation} gives it the input `approval_code`, which no handler sees.
   */
  sensitive?: boolean;
  /** One flat object. Names in the path travel there; the rest in the query (GET, DELETE) or the body. */
  input: z.ZodObject;
  /** The JSON answer, or the media type of a byte answer. */
  output: z.ZodType | { content_type: string };
  /** The usual success status. */
  status: 200 | 201 | 202;
  /** Other success statuses with their meaning. */
  also?: Readonly<Record<number, string>>;
  refusals: readonly RefusalCode[];
  /** False for what an agent has no use for (health, tiles, openapi). */
  tool: boolean;
  /** True for what is about the whole operator: refused to credentials that are bound to mailboxes, and no tool of theirs. */
  whole?: boolean;
  /** True for a call that lasts until people have acted: MCP clients may run it as a task. */
  waits?: boolean;
  /** True for a call that may last for a while whatever people do: doors tell it when the caller goes away. */
  lasts?: boolean;
  /**
   * Where the answer's schema does not tell that it carries what outsiders wrote (a subject, a thread's name): `fields` where
   * some of its fields do, `whole` where it is one document of theirs and ours. MCP keeps such words apart from ours.
   */
  foreign_words?: "fields" | "whole";
  /** MCP clients read it as a resource too: the address, whose names are inputs, and inputs that are fixed there. */
  resource?: { uri: string; preset?: Readonly<Record<string, unknown>> };
  /** True when mode `read_only` on every reachable mailbox hides the tool. */
  hidden_when_read_only?: boolean;
  /** CLI command words and the inputs given by position; absent means not a command. */
  cli?: {
    command: string;
    positional?: readonly string[];
    /** The answer is a document to keep: it is printed as JSON, not as a table. */
    json?: true;
  };
  /** Further commands of the same operation with some inputs already decided (`approve` and `reject`). */
  cli_presets?: readonly CliPreset[];
  /** True where clients post `application/x-www-form-urlencoded` (RFC 8058 one-click). */
  form?: boolean;
  /**
   * True where the path says all: query, body and credential are not read, so that nothing which mail programs, proxies or
   * link trackers add can turn the call into an error.
   */
  path_only?: boolean;
  /** Largest request body in bytes where it is not the door's default (1 MiB). */
  max_body?: number;
};

/** An operation with its handler. `C` is what handlers are given beside the caller. */
export type Operation<C> = OperationSpec & {
  handle(context: C & { actor: Actor; meta: CallMeta }, input: never): Promise<unknown>;
};

/** True when the caller's scopes open the operation. */
export function opens(
  spec: Pick<OperationSpec, "access" | "or_access">,
  actor: Pick<Actor, "scopes">,
): boolean {
  return (
    spec.access === "public" ||
    holds(actor, spec.access) ||
    (spec.or_access !== undefined && holds(actor, spec.or_access))
  );
}

/** What sensitive operations take beside their own input. */
const approval = {
  approval_code: z
    .string()
    .min(1)
    .max(32)
    .optional()
    .describe(
      "The code that was mailed to the oversight address when this very call was made before",
    ),
};

/** What a sensitive call by a key answers, with 202, until a person has let it through. */
export const approvalRequired = z.object({
  status: z.literal("approval_required"),
  change_id: z.string().describe("The change that waits for a person"),
  hint: z.string().describe("How it goes on"),
  expires_at: z.string().describe("ISO 8601 time after which the change must be asked for anew"),
});

/** Declares an operation; the handler sees its input parsed. A plain value is answered with the usual status. */
export function operation<C>() {
  return <I extends z.ZodObject, O extends z.ZodType | { content_type: string }>(
    spec: Omit<OperationSpec, "input" | "output"> & {
      input: I;
      output: O;
      handle(
        context: C & { actor: Actor; meta: CallMeta },
        input: z.output<I>,
      ): Promise<(O extends z.ZodType ? z.input<O> : never) | Reply>;
    },
  ): Operation<C> =>
    spec.sensitive === true ? { ...spec, input: spec.input.extend(approval) } : spec;
}

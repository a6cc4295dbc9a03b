/** MCP tools computed from operations: schemas, annotations, and the list that a credential may see. */
import type { Tool } from "@modelcontextprotocol/server";
import { type OperationSpec, approvalRequired, opens } from "../contract/operation.ts";
import { type Actor, heldScopes, holds } from "../core/actor.ts";
import { foreignWords } from "./fence.ts";
import { cardUri, showsCard } from "./pending-card.ts";
import { type ObjectSchema, inputSchema, outputSchema, shared } from "./tool-schema.ts";

/** An operation as a tool. */
export type ToolEntry = {
  operation: OperationSpec;
  /** As `tools/list` answers it. */
  tool: Tool;
  /** The same for a connection with a default mailbox: `mailbox_id` may be left out. */
  tool_with_default: Tool;
  /** True when `mailbox_id` must be given, so that a default can stand in. */
  needs_mailbox: boolean;
  /** What outsiders wrote is in the answer: among its fields, or the answer as a whole is a document of theirs. */
  foreign_words: OperationSpec["foreign_words"];
  /** True for a call that can take as long as its `timeout_seconds` say. */
  lasts: boolean;
  /** True where waiting for its answer may be a task. */
  task: boolean;
};

/** What decides which tools are listed, and how. */
export type ToolView = {
  actor: Pick<Actor, "scopes" | "mailbox_ids">;
  /** True when every mailbox the actor reaches is in mode `read_only`. */
  read_only: boolean;
  /** True when the connection names a default mailbox. */
  default_mailbox: boolean;
};

/** All tools by name, and the list for a view. */
export type ToolTable = {
  get(name: string): ToolEntry | undefined;
  /** Computed once per set of scopes, bound or not, mode and presence of a default mailbox. */
  list(view: ToolView): readonly Tool[];
  /** Largest `max_body` in bytes among the tools that the actor may call. */
  largestBody(actor: Pick<Actor, "scopes">, otherwise: number): number;
};

/**
 * What agents need first, in that order; the rest follows as the operations stand. Hosts that cut a long list, and
 * models that read from the top, then lose what is rarely called.
 */
const first = [
  "setup_multimail",
  "list_mailboxes",
  "check_inbox",
  "read_email",
  "send_email",
  "reply_email",
  "get_thread",
  "wait_for_email",
  "wait_for_decision",
  "list_pending",
  "decide_email",
  "cancel_message",
  "schedule_email",
  "edit_scheduled_email",
  "download_attachment",
  "search_contacts",
];

function rank({ name }: OperationSpec): number {
  const place = first.indexOf(name);
  return place === -1 ? first.length : place;
}

/** Builds the table from the operations with `tool: true`. Throws where a schema has no JSON form: that is a bug. */
export function toolTable(operations: readonly OperationSpec[]): ToolTable {
  const entries = new Map(
    operations
      .filter((operation) => operation.tool)
      .toSorted((a, b) => rank(a) - rank(b))
      .map((operation) => [operation.name, entry(operation)]),
  );
  const lists = new Map<string, readonly Tool[]>();
  const allowed = (actor: Pick<Actor, "scopes">): ToolEntry[] =>
    [...entries.values()].filter(({ operation }) => opens(operation, actor));
  return {
    get: (name) => entries.get(name),
    list({ actor, read_only, default_mailbox }) {
      const held = heldScopes.filter((scope) => holds(actor, scope));
      const bound = actor.mailbox_ids !== null;
      const key = `${held.join(" ")}|${bound}|${read_only}|${default_mailbox}`;
      const known = lists.get(key);
      if (known) return known;
      const list = allowed(actor)
        .filter(({ operation }) => !(read_only && operation.hidden_when_read_only === true))
        .filter(({ operation }) => !(bound && operation.whole === true))
        .map((item) => (default_mailbox ? item.tool_with_default : item.tool));
      lists.set(key, list);
      return list;
    },
    largestBody: (actor, otherwise) =>
      Math.max(
        otherwise,
        ...allowed(actor).map(({ operation }) => operation.max_body ?? otherwise),
      ),
  };
}

function entry(operation: OperationSpec): ToolEntry {
  const input = inputSchema(operation.name, operation.input);
  const output =
    "content_type" in operation.output ? null : outputSchema(operation.name, operation.output);
  const foreign_words = foreignWords(operation, output);
  const task = operation.waits === true && output?.properties?.["decided"] !== undefined;
  const title = operation.summary.replace(/\.$/, "");
  const tool: Tool = {
    name: operation.name,
    title,
    description: operation.description,
    inputSchema: input,
    ...(output === null ? {} : { outputSchema: orRefusal(output, operation.sensitive === true) }),
    annotations: { title, ...annotations(operation, foreign_words !== undefined) },
    ...(task ? { execution: { taskSupport: "optional" as const } } : {}),
    ...(showsCard(operation, output) ? { _meta: { ui: { resourceUri: cardUri } } } : {}),
  };
  const needs_mailbox = input.required?.includes("mailbox_id") ?? false;
  const tool_with_default = needs_mailbox ? { ...tool, inputSchema: withoutMailbox(input) } : tool;
  const lasts = Object.hasOwn(input.properties ?? {}, "timeout_seconds");
  return { operation, tool, tool_with_default, needs_mailbox, foreign_words, lasts, task };
}

/**
 * A refusal travels as `structuredContent` too, and the wide-spread 1.x clients check even error results against
 * the output schema: without this branch they would show "does not match" in place of the reason.
 */
function orRefusal(success: ObjectSchema, sensitive: boolean): NonNullable<Tool["outputSchema"]> {
  const waits = sensitive ? [outputSchema("approval_required", approvalRequired)] : [];
  return shared({ type: "object", anyOf: [success, ...waits, refusalSchema] });
}

/** What every refusal holds; the server's instructions say what else may be there. */
const refusalSchema = { type: "object", required: ["error", "code", "request_id"] };

function withoutMailbox(input: ObjectSchema): ObjectSchema {
  const described = Object.assign({}, input.properties?.["mailbox_id"], {
    description: "Left out: the mailbox of this connection",
  });
  return {
    ...input,
    properties: { ...input.properties, mailbox_id: described },
    required: (input.required ?? []).filter((name) => name !== "mailbox_id"),
  };
}

/**
 * Hints for hosts, from the effect. Sending and deciding count as destructive, because neither can be taken back
 * and hosts ask their user before such calls. Reading mail touches the open world: outsiders wrote it.
 */
function annotations(operation: OperationSpec, foreign: boolean): NonNullable<Tool["annotations"]> {
  const { effect, method } = operation;
  return {
    readOnlyHint: effect === "read",
    destructiveHint: effect === "destroy" || effect === "send" || effect === "decide",
    // RFC 9110 section 9.2.2
    idempotentHint: effect === "read" || method === "PUT" || method === "DELETE",
    openWorldHint: effect === "send" || effect === "decide" || foreign,
  };
}

/** MCP tools computed from operations: schemas, annotations, and the list that a credential may see. */
import type { Tool } from "@modelcontextprotocol/server";
import { z } from "zod";
import { type OperationSpec, approvalRequired, opens } from "../contract/operation.ts";
import { type Actor, holds, scopes } from "../core/actor.ts";
import { carriesMail } from "./fence.ts";

/** An operation as a tool. */
export type ToolEntry = {
  operation: OperationSpec;
  /** As `tools/list` answers it. */
  tool: Tool;
  /** The same for a connection with a default mailbox: `mailbox_id` may be left out. */
  tool_with_default: Tool;
  /** True when `mailbox_id` must be given, so that a default can stand in. */
  needs_mailbox: boolean;
  /** True when the answer carries what outsiders wrote. */
  carries_mail: boolean;
};

/** What decides which tools are listed, and how. */
export type ToolView = {
  actor: Pick<Actor, "scopes">;
  /** True when every mailbox the actor reaches is in mode `read_only`. */
  read_only: boolean;
  /** True when the connection names a default mailbox. */
  default_mailbox: boolean;
};

/** All tools by name, and the list for a view. */
export type ToolTable = {
  get(name: string): ToolEntry | undefined;
  /** Computed once per set of scopes, mode and presence of a default mailbox. */
  list(view: ToolView): readonly Tool[];
  /** Largest `max_body` in bytes among the tools that the actor may call. */
  largestBody(actor: Pick<Actor, "scopes">, otherwise: number): number;
};

/** Builds the table from the operations with `tool: true`. Throws where a schema has no JSON form: that is a bug. */
export function toolTable(operations: readonly OperationSpec[]): ToolTable {
  const entries = new Map(
    operations
      .filter((operation) => operation.tool)
      .map((operation) => [operation.name, entry(operation)]),
  );
  const lists = new Map<string, readonly Tool[]>();
  const allowed = (actor: Pick<Actor, "scopes">): ToolEntry[] =>
    [...entries.values()].filter(({ operation }) => opens(operation, actor));
  return {
    get: (name) => entries.get(name),
    list({ actor, read_only, default_mailbox }) {
      const held = scopes.filter((scope) => holds(actor, scope));
      const key = `${held.join(" ")}|${read_only}|${default_mailbox}`;
      const known = lists.get(key);
      if (known) return known;
      const list = allowed(actor)
        .filter(({ operation }) => !(read_only && operation.hidden_when_read_only === true))
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
  const input = objectSchema(operation.name, operation.input);
  const output =
    "content_type" in operation.output ? null : objectSchema(operation.name, operation.output);
  const carries_mail = output !== null && carriesMail(output);
  const tool: Tool = {
    name: operation.name,
    title: operation.summary.replace(/\.$/, ""),
    description: operation.description,
    inputSchema: input,
    ...(output === null ? {} : { outputSchema: orRefusal(output, operation.sensitive === true) }),
    annotations: annotations(operation, carries_mail),
    ...(operation.waits === true ? { execution: { taskSupport: "optional" as const } } : {}),
  };
  const needs_mailbox = input.required?.includes("mailbox_id") ?? false;
  const tool_with_default = needs_mailbox ? { ...tool, inputSchema: withoutMailbox(input) } : tool;
  return { operation, tool, tool_with_default, needs_mailbox, carries_mail };
}

type ObjectSchema = Tool["inputSchema"];

/**
 * The schema of what is accepted. Outputs use the input side as well: a handler answers with `z.input` of its
 * schema and nobody strips it, so the stricter output side would let clients refuse a good answer.
 * `$schema` is left off: MCP means 2020-12 without it, and older clients compile with draft 7 and choke on it.
 */
function objectSchema(name: string, schema: z.ZodType): ObjectSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: "input" });
  const branches = json.anyOf ?? json.oneOf;
  const object = json.type === "object" || branches?.every((branch) => branch.type === "object");
  if (!object) throw new Error(`${name}: MCP wants an object as input and output`);
  return { ...json, type: "object" } as ObjectSchema;
}

/**
 * A refusal travels as `structuredContent` too, and the wide-spread 1.x clients check even error results against
 * the output schema: without this branch they would show "does not match" in place of the reason.
 */
function orRefusal(success: ObjectSchema, sensitive: boolean): NonNullable<Tool["outputSchema"]> {
  const waits = sensitive ? [objectSchema("approval_required", approvalRequired)] : [];
  return { type: "object", anyOf: [success, ...waits, refusalSchema] };
}

/** The shape of every refusal. */
const refusalSchema = {
  type: "object",
  properties: {
    error: { type: "string" },
    code: { type: "string" },
    request_id: { type: "string" },
    hint: { type: "string" },
    field: { type: "string" },
    retry_after: { type: "number" },
  },
  required: ["error", "code", "request_id"],
};

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
function annotations(
  operation: OperationSpec,
  carries_mail: boolean,
): NonNullable<Tool["annotations"]> {
  const { effect, method } = operation;
  return {
    readOnlyHint: effect === "read",
    destructiveHint: effect === "destroy" || effect === "send" || effect === "decide",
    // RFC 9110 section 9.2.2
    idempotentHint: effect === "read" || method === "PUT" || method === "DELETE",
    openWorldHint: effect === "send" || effect === "decide" || carries_mail,
  };
}

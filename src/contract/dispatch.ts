/** The one road into an operation: scope, mailbox wall, input validation, handler. Every door calls through it. */
import type { z } from "zod";
import { type Actor, holds, mayUseMailbox } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import type { BytesReply, CallMeta, JsonReply, Operation, OperationSpec } from "./operation.ts";

/** What doors are given: the list, and a way to call. */
export type Dispatcher = {
  operations: readonly OperationSpec[];
  /** Calls by name with unvalidated input. Throws {@link Refusal}; anything else thrown is a bug. */
  call(
    name: string,
    actor: Actor | null,
    input: unknown,
    meta: CallMeta,
  ): Promise<JsonReply | BytesReply>;
};

/** Binds a list of operations to what their handlers need. */
export function createDispatcher<C extends object>(
  operations: readonly Operation<C>[],
  context: C,
): Dispatcher {
  const byName = new Map(operations.map((operation) => [operation.name, operation]));
  return {
    operations,
    async call(name, actor, input, meta) {
      const operation = byName.get(name);
      if (!operation) throw new Refusal("not_found", `There is no operation ${name}.`);
      const caller = authorise(operation, actor);
      const parsed = parseInput(operation.input, input);
      const mailboxId = parsed["mailbox_id"];
      if (typeof mailboxId === "string" && !mayUseMailbox(caller, mailboxId))
        throw new Refusal("not_found", "There is no such mailbox.");
      const answer: unknown = await operation.handle(
        { ...context, actor: caller, meta },
        parsed as never,
      );
      return isReply(answer) ? answer : { kind: "json", status: operation.status, body: answer };
    },
  };
}

/** The caller, when their credential allows the operation; throws `unauthenticated` or `scope_required`. */
function authorise(operation: OperationSpec, actor: Actor | null): Actor {
  if (operation.access === "public") return actor ?? nobody;
  if (!actor)
    throw new Refusal("unauthenticated", "This call needs a credential.", {
      hint: "Send an API key as Authorization: Bearer mm_live_…",
    });
  if (!holds(actor, operation.access))
    throw new Refusal("scope_required", `This call needs the scope ${operation.access}.`, {
      hint: `The credential holds: ${actor.scopes.join(", ") || "nothing"}.`,
    });
  return actor;
}

const nobody: Actor = {
  kind: "system",
  operator_id: "",
  credential_id: "anonymous",
  person_id: null,
  role: null,
  scopes: [],
  mailbox_ids: [],
  test: false,
  signed_in_at: null,
};

/** Validates by the schema; the first problem is named by its field in the caller's own spelling. */
export function parseInput(schema: z.ZodObject, input: unknown): Record<string, unknown> {
  const result = schema.safeParse(input ?? {});
  if (result.success) {
    refuseUnstorable(result.data, []);
    return result.data;
  }
  const issue = result.error.issues[0];
  if (!issue) throw new Refusal("validation_failed", "The request is not valid.");
  if (issue.code === "unrecognized_keys") {
    const field = fieldName([...issue.path, issue.keys[0] ?? ""]);
    throw new Refusal("validation_failed", `Unknown field ${field}.`, {
      field,
      hint: `Known fields: ${Object.keys(schema.shape).join(", ")}.`,
    });
  }
  const field = fieldName(issue.path);
  throw new Refusal(
    "validation_failed",
    field === "" ? issue.message : `${field}: ${issue.message}`,
    {
      field,
    },
  );
}

/** Refuses text that no database keeps and UTF-8 does not carry: NUL, and halves of surrogate pairs. */
function refuseUnstorable(value: unknown, path: readonly PropertyKey[]): void {
  if (typeof value === "string") {
    if (!value.includes("\0") && value.isWellFormed()) return;
    const field = fieldName(path);
    throw new Refusal("validation_failed", `${field}: contains NUL or half a surrogate pair`, {
      field,
    });
  }
  if (Array.isArray(value))
    for (const [i, one] of value.entries()) refuseUnstorable(one, [...path, i]);
  else if (typeof value === "object" && value !== null)
    for (const [name, one] of Object.entries(value)) {
      refuseUnstorable(name, [...path, name]);
      refuseUnstorable(one, [...path, name]);
    }
}

function fieldName(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path)
    text += typeof part === "number" ? `[${part}]` : (text === "" ? "" : ".") + String(part);
  return text;
}

function isReply(answer: unknown): answer is JsonReply | BytesReply {
  return (
    typeof answer === "object" &&
    answer !== null &&
    "kind" in answer &&
    (answer.kind === "json" || answer.kind === "bytes") &&
    "status" in answer
  );
}

/** The one road into an operation: scope, mailbox wall, input validation, handler. Every door calls through it. */
import type { z } from "zod";
import { type Actor, type Ask, mayUseMailbox } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { ApprovalNeeded } from "../core/sensitive.ts";
import {
  type CallMeta,
  type Operation,
  type OperationSpec,
  type Reply,
  type approvalRequired,
  json,
  opens,
} from "./operation.ts";

/** What doors are given: the list, and a way to call. */
export type Dispatcher = {
  operations: readonly OperationSpec[];
  /** Calls by name with unvalidated input. Throws {@link Refusal}; anything else thrown is a bug. */
  call(name: string, actor: Actor | null, input: unknown, meta: CallMeta): Promise<Reply>;
};

/** Asking people for what a key may not do by itself. */
export type Approvals = {
  /** Takes the code that was mailed for the call; throws `invalid_code`. */
  redeem(actor: Actor, ask: Ask, code: string): Promise<void>;
  /** Asks people to let the call through; throws `rate_limited`. */
  open(actor: Actor, ask: Ask, summary: string): Promise<z.output<typeof approvalRequired>>;
};

/** Binds a list of operations to what their handlers need. Without `approvals` a key's sensitive calls are refused. */
export function createDispatcher<C extends object>(
  operations: readonly Operation<C>[],
  context: C,
  approvals?: Approvals,
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
      const handle = async (by: Actor, what: object): Promise<Reply> => {
        const answer = await operation.handle({ ...context, actor: by, meta }, what as never);
        return isReply(answer) ? answer : { kind: "json", status: operation.status, body: answer };
      };
      if (operation.sensitive !== true) return handle(caller, parsed);
      const { approval_code: code, ...rest } = parsed;
      if (caller.kind !== "api_key" || !approvals) return handle(caller, rest);
      const ask = { operation: name, input: rest };
      if (typeof code === "string") await approvals.redeem(caller, ask, code);
      try {
        return await handle({ ...caller, asks: ask }, rest);
      } catch (error) {
        if (!(error instanceof ApprovalNeeded)) throw error;
        // Another call used what the code granted in between: asking people again would have them grant it twice.
        if (typeof code === "string" && !error.outdated) throw spentCode();
        return json(202, await approvals.open(caller, ask, error.summary));
      }
    },
  };
}

function spentCode(): Refusal {
  return new Refusal("invalid_code", "What this code let through was done by another call.", {
    field: "approval_code",
    hint: "Look whether it is as you want it. Make the call without a code to ask for it again.",
  });
}

/** The caller, when their credential allows the operation; throws `unauthenticated` or `scope_required`. */
function authorise(operation: OperationSpec, actor: Actor | null): Actor {
  if (operation.access === "public") return actor ?? nobody;
  if (!actor)
    throw new Refusal("unauthenticated", "This call needs a credential.", {
      hint: "Send an API key as Authorization: Bearer mm_live_…",
    });
  if (!opens(operation, actor))
    throw new Refusal("scope_required", `This call needs the scope ${scopesOf(operation)}.`, {
      hint: `The credential holds: ${actor.scopes.join(", ") || "nothing"}.`,
      scope: operation.access,
    });
  return actor;
}

function scopesOf({ access, or_access }: OperationSpec): string {
  return or_access === undefined ? access : `${access} or ${or_access}`;
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

function isReply(answer: unknown): answer is Reply {
  return (
    typeof answer === "object" &&
    answer !== null &&
    "kind" in answer &&
    (answer.kind === "json" || answer.kind === "bytes" || answer.kind === "stream") &&
    "status" in answer
  );
}

/** What agents read to set themselves up: /llms.txt, /llms-full.txt and /auth.md, computed from the operations behind a written head. */
import type { Hono } from "hono";
import { z } from "zod";
import type { OperationSpec } from "../contract/operation.ts";
import { type Place, conventions, joinSteps, openSteps, sendSteps } from "./llms-steps.ts";
import { tagDescription } from "./openapi-tags.ts";

/** What the documents are made from. */
export type LlmsOptions = Place & { operations: readonly OperationSpec[] };

/** Hangs the documents in; each is made once. */
export function mountLlms(app: Hono, options: LlmsOptions): void {
  const documents = {
    "/llms.txt": ["text/plain", llmsText],
    "/llms-full.txt": ["text/plain", llmsFullText],
    "/auth.md": ["text/markdown", authText],
  } as const;
  for (const [path, [type, make]] of Object.entries(documents)) {
    let text: string | undefined;
    app.get(path, (c) => {
      text ??= make(options);
      const headers = { "content-type": `${type}; charset=utf-8`, "cache-control": "max-age=300" };
      return c.body(text, 200, headers);
    });
  }
}

const what = `> E-mail for AI agents with human oversight. Agents write and read mail by this API; what they send is held until a person approves it,
> and every step stands in a log that outsiders can check.`;

/** The index (llmstxt.org): what this is, how to get in, how to send, and every operation in a line. */
export function llmsText(options: LlmsOptions): string {
  const { public_url } = options;
  return `# MultiMail

${what}

This instance: ${public_url}. You need a key and a mailbox. If you have both, go to "Send a message".

${conventions}

${ways(options)}

## Send a message

${sendSteps(options)}

## MCP

Streamable HTTP at ${public_url}/mcp, with the same key as a bearer token, or by OAuth 2.1 where your client offers it (see
${public_url}/.well-known/oauth-protected-resource). You are shown only the tools that your key can call.

## Rules that hold everywhere

- The mode of a mailbox says what is held: read_only, gated_all, gated_send, monitored, autonomous. You cannot loosen it; a person can.
- Some calls answer 202 with \`approval_required\`: a person is mailed a code, and the same call repeated with approval_code goes through.
- Unknown fields are refused by name. Lists take \`limit\` and \`cursor\`. Times are ISO 8601 in UTC.
- Nobody approves what they wrote: no key holds both send and oversight.

## Documents

- [Authentication](${public_url}/auth.md): how an agent gets a key, and how it is sent
- [OpenAPI 3.1](${public_url}/v1/openapi.json): every call, exactly
- [Everything in words](${public_url}/llms-full.txt): this page with every input of every call

## Calls

${operationList(options, (spec) => `- ${heading(spec)}: ${spec.summary}${scopeNote(spec)}`)}
`;
}

/** The same with descriptions and inputs. */
export function llmsFullText(options: LlmsOptions): string {
  return `${llmsText(options).split("\n## Calls\n")[0] ?? ""}
## Calls

${operationList(options, (spec) => `#### ${heading(spec)}${scopeNote(spec)}\n\n${spec.description}\n${inputs(spec)}`)}
`;
}

/** How an agent authenticates, in one document. */
export function authText(options: LlmsOptions): string {
  const { public_url } = options;
  return `# Authentication for agents

Every call to ${public_url} but the public ones needs an API key: \`Authorization: Bearer <api_key>\` or \`X-API-Key: <api_key>\`. Keys begin with
\`mm_live_\`, or \`mm_test_\` for those whose mail never leaves.

${conventions}

${ways(options)}

## What a key may do

Scopes: \`read\` (mail and settings), \`send\` (write mail, which the mailbox's mode may hold), \`admin\` (mailboxes, domains, keys), \`oversight\`
(decide on mail), \`audit\` (the log). No key holds both send and oversight, and an agent that registers itself gets read and send at most.

## When a call is refused

- 401: no key, or one that is unknown, revoked or expired. WWW-Authenticate names ${public_url}/.well-known/oauth-protected-resource.
- 403: the key lacks a scope, or a person is needed. The hint says which.
- 404: not there, or not yours.
- 429: wait as long as Retry-After says.

A key that leaked is revoked by an owner or admin at ${public_url}/keys, or with DELETE /v1/api-keys/<key_id>.
`;
}

/** The ways to a key that this instance offers. */
function ways(options: LlmsOptions): string {
  const open = options.sign_up_open
    ? `## Get in: open an account

${openSteps(options)}`
    : `## Get in: if your person has no account

This instance takes no new accounts. Ask whoever runs it for a key, or connect by OAuth (MCP clients do that by themselves at
${options.public_url}/mcp) and have a member consent.`;
  return `## Get in: join your person's account

${joinSteps(options)}

${open}`;
}

function operationList(
  { operations, sign_up_open }: LlmsOptions,
  show: (spec: OperationSpec) => string,
): string {
  const byTag = new Map<string, OperationSpec[]>();
  for (const spec of operations) {
    if (spec.tag === "signup" && !sign_up_open) continue;
    byTag.set(spec.tag, [...(byTag.get(spec.tag) ?? []), spec]);
  }
  return [...byTag]
    .map(([tag, specs]) => {
      const about = tagDescription(tag);
      return `### ${tag}\n\n${about === null ? "" : `${about}\n\n`}${specs.map(show).join("\n")}`;
    })
    .join("\n\n");
}

function heading({ name, method, path }: OperationSpec): string {
  return `${name} \`${method} ${path.replaceAll("*}", "}")}\``;
}

function scopeNote({ access, or_access }: OperationSpec): string {
  if (access === "public") return " (no key)";
  return ` (${or_access === undefined ? access : `${access} or ${or_access}`})`;
}

/** The inputs of an operation, one a line. */
function inputs(spec: OperationSpec): string {
  const schema = z.toJSONSchema(spec.input, { io: "input", unrepresentable: "any" });
  const required = new Set(schema.required ?? []);
  const lines = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const about = typeof property === "object" ? property : {};
    const words = [typeWords(about), about.description].filter((part) => part !== undefined);
    return `- \`${name}\`${required.has(name) ? "" : " (optional)"}${words.length > 0 ? `: ${words.join("; ")}` : ""}`;
  });
  return lines.length === 0 ? "" : `\n${lines.join("\n")}\n`;
}

function typeWords(property: z.core.JSONSchema.BaseSchema): string | undefined {
  if (property.enum) return property.enum.map(String).join(" | ");
  if (property.type === "array") return "a list";
  return typeof property.type === "string" ? property.type : undefined;
}

/** A program that people let in by OAuth and that calls a tool beyond its grant is told which scope to ask them for. */
import { opens } from "../contract/operation.ts";
import type { Actor, Scope } from "../core/actor.ts";
import type { ToolTable } from "./tools.ts";

/** Scopes that a grant can have. */
const grantable: ReadonlySet<string> = new Set<Scope>(["read", "draft", "send", "oversight"]);

/**
 * The scopes to ask for, or null where nothing is missing that a person could give by OAuth. For grants alone: to holders of keys a
 * missing scope is a tool's refusal. A batch is not looked into: its calls are refused one by one.
 */
export function missingScope(tools: ToolTable, actor: Actor, message: unknown): string | null {
  if (actor.agents === undefined || typeof message !== "object" || message === null) return null;
  if (!("method" in message) || message.method !== "tools/call") return null;
  const params = "params" in message ? message.params : null;
  if (typeof params !== "object" || params === null || !("name" in params)) return null;
  const entry = typeof params.name === "string" ? tools.get(params.name) : undefined;
  if (!entry || opens(entry.operation, actor) || !grantable.has(entry.operation.access))
    return null;
  return ["read", entry.operation.access].join(" ");
}

/** The challenge (RFC 6750 section 3.1, RFC 9728 section 5.1). */
export function scopeChallenge(public_url: string, scope: string): string {
  const metadata = `${public_url}/.well-known/oauth-protected-resource/mcp`;
  return `Bearer realm="multimail", error="insufficient_scope", scope="${scope}", resource_metadata="${metadata}"`;
}

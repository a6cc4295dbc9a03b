/** One request of a person: who they are, what they may do, and their way into the operations. */
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { z } from "zod";
import type { SessionView, Visitor } from "../../contract/sign-in.ts";
import { idPattern } from "../../core/id.ts";
import { Refusal } from "../../core/refusal.ts";
import { type OperationSpec, opens } from "../../contract/operation.ts";
import type { PagesOptions } from "./options.ts";
import { readSessionCookie } from "./session-cookie.ts";

/** What a page is made from. */
export type Visit = {
  options: PagesOptions;
  request: Request;
  request_id: string;
  query: URLSearchParams;
  /** The cookie's value, where `session` is one. */
  session_token: string | null;
  session: SessionView | null;
  /** Where the request comes from, for what is paced by that. */
  visitor: Visitor;
  /** Milliseconds since the epoch. */
  now: number;
};

/** A visit of somebody who is signed in. */
export type MemberVisit = Visit & { session: SessionView };

/** Looks up who is there. A cookie is only ever looked up: none that a client brings becomes a session. */
export async function openVisit(c: Context, options: PagesOptions): Promise<Visit> {
  const token = readSessionCookie(c.req.raw.headers, options.secure_cookies);
  const session = token === null ? null : await options.sign_in.session(token);
  const session_token = session ? (session.next_token ?? token) : null;
  return { ...anonymousVisit(c, options), session, session_token };
}

/** A visit before anybody was looked up: enough for a page that says what went wrong. */
export function anonymousVisit(c: Context, options: PagesOptions): Visit {
  return {
    options,
    request: c.req.raw,
    request_id: (c.get("request_id") as string | undefined) ?? options.new_request_id(),
    query: new URL(c.req.raw.url).searchParams,
    session_token: null,
    session: null,
    visitor: visitorOf(c),
    now: options.now(),
  };
}

function visitorOf(c: Context): Visitor {
  // Without bindings nobody came over a socket: a request that a test made.
  const env = c.env as Partial<HttpBindings> | undefined;
  return {
    source: env?.incoming?.socket.remoteAddress ?? "",
    user_agent: c.req.raw.headers.get("user-agent"),
  };
}

/** The same visit, when somebody is signed in; throws `unauthenticated`. */
export function signedIn(visit: Visit): MemberVisit {
  const { session } = visit;
  if (!session) throw new Refusal("unauthenticated", "This page is for people who are signed in.");
  return { ...visit, session };
}

/** Calls an operation as the person and reads its JSON answer by `schema`. Throws what the operation refuses with. */
export async function call<S extends z.ZodType>(
  visit: MemberVisit,
  name: string,
  input: object,
  schema: S,
): Promise<{ status: number; body: z.output<S> }> {
  const reply = await dispatch(visit, name, input);
  if (reply.kind !== "json") throw new Error(`${name} answered with bytes where JSON was expected`);
  return { status: reply.status, body: schema.parse(reply.body) };
}

/** Calls an operation that answers with bytes. */
export async function callBytes(visit: MemberVisit, name: string, input: object): Promise<Buffer> {
  const reply = await dispatch(visit, name, input);
  if (reply.kind !== "bytes")
    throw new Error(`${name} answered with JSON where bytes were expected`);
  return reply.body;
}

/** Calls an operation and hands its answer on as it is. */
export function dispatch(visit: MemberVisit, name: string, input: object) {
  const { options, session, request_id } = visit;
  return options.dispatcher.call(name, session.actor, input, { request_id });
}

/** The operation, when there is one of that name and the person's scopes allow it. */
export function allowed(visit: MemberVisit, name: string): OperationSpec | undefined {
  const spec = visit.options.dispatcher.operations.find((operation) => operation.name === name);
  if (!spec) return undefined;
  return opens(spec, visit.session.actor) ? spec : undefined;
}

/** True for people of the operator that hosts the instance, where mail is caught. */
export function seesCaught(visit: MemberVisit): boolean {
  const { caught, host_operator } = visit.options;
  return caught !== null && visit.session.actor.operator_id === host_operator;
}

/** The id in the path; throws `not_found` for what cannot be one. */
export function pathId(value: string | undefined): string {
  if (value === undefined || !idPattern.test(value))
    throw new Refusal("not_found", "There is nothing at this address.");
  return value;
}

/** The list cursor of the query, as the operations take it. */
export function cursorOf(visit: Visit): { cursor?: string } {
  const cursor = visit.query.get("cursor");
  return cursor ? { cursor } : {};
}

/** The HTTP door: a route for every operation, one form of error, and a place where pages and other handlers hang in. */
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import type { Dispatcher } from "../contract/dispatch.ts";
import { type CallMeta, type OperationSpec, eventStream } from "../contract/operation.ts";
import type { Authenticate } from "../contract/sign-in.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import {
  type AnnouncedBody,
  announcedBody,
  assertJson,
  bodyText,
  limitedRequest,
  readBody,
} from "./body.ts";
import { invalidToken, readApiKey, unauthenticated } from "./credential.ts";
import { securityHeaders } from "./headers.ts";
import { type Log, type Replies, replies } from "./reply.ts";
import { bySpecificity, ignoresCredential, type Route, routeOf } from "./route.ts";

/** What the door is made of. */
export type AppOptions = {
  dispatcher: Dispatcher;
  authenticate: Authenticate;
  /** Finds out anew who calls, for calls that last, and takes nothing from their limits; `authenticate` where it is not given. */
  reauthenticate?: Authenticate;
  new_request_id: () => string;
  log: Log;
  /** Hangs pages and other handlers in. They answer where no operation does, and get `X-Request-Id` and the basic safety headers. */
  mount?: (app: Hono) => void;
  /** Origin under which clients reach us, without a slash at the end. */
  public_url: string;
  /** Throws `rate_limited` where an address calls too often without a credential, or with wrong ones. */
  pace?: (source: string) => void;
  /** Told of each answer: the operation, `mcp` or `other`, its status, and the seconds it took. */
  observe?: (operation: string, status: number, seconds: number) => void;
  /** Largest body in bytes where an operation does not say; 1 MiB. */
  max_body?: number;
};

/** Makes the application; it opens nothing. Throws a plain Error for operations that are declared wrongly. */
export function createApp(options: AppOptions): Hono {
  const defaultMaxBody = options.max_body ?? 1024 * 1024;
  const door: Door = { ...options, replies: replies(options) };
  const app = new Hono();
  const routes = bySpecificity(options.dispatcher.operations).map((spec) =>
    routeOf(spec, defaultMaxBody),
  );
  for (const route of routes)
    app.on(
      route.spec.method,
      route.pattern,
      observed(door, () => route.spec.name, operationHandler(route, door)),
    );
  const largest = Math.max(defaultMaxBody, ...routes.map((route) => route.max_body));
  const pages = mountedApp(app, door);
  const safety = Object.entries(securityHeaders(options.public_url));
  // The one handler for what no operation answers: pages and other handlers, and then 404 or 405.
  const otherHandler = async (c: Context): Promise<Response> => {
    const request_id = door.new_request_id();
    try {
      const announced = announcedBody(c.req.raw, c.env as Partial<HttpBindings>, largest);
      const request = announced === "streamed" ? limitedRequest(c.req.raw, largest) : c.req.raw;
      const response = await pages.fetch(request, { ...(c.env as object), request_id });
      return withHeaders(response, safety, request_id);
    } catch (error) {
      return door.replies.failure(error, request_id);
    }
  };
  app.notFound(observed(door, (path) => (path === "/mcp" ? "mcp" : "other"), otherHandler));
  app.onError((error) => door.replies.failure(error, door.new_request_id()));
  return app;
}

type Door = AppOptions & { replies: Replies };

/** The handler, of whose answers the door tells. */
function observed(
  door: Door,
  nameOf: (path: string) => string,
  handler: (c: Context) => Promise<Response>,
): (c: Context) => Promise<Response> {
  const { observe } = door;
  if (!observe) return handler;
  return async (c) => {
    const begun = performance.now();
    const response = await handler(c);
    observe(nameOf(c.req.path), response.status, (performance.now() - begun) / 1000);
    return response;
  };
}

/** The way of one call: size, credential, body, input, operation, answer. */
function operationHandler(route: Route, door: Door): (c: Context) => Promise<Response> {
  const { spec } = route;
  const isPublic = spec.access === "public";
  const readsCredential = !ignoresCredential.has(spec.path);
  const context = { operation: spec.name };
  return async (c) => {
    const request_id = door.new_request_id();
    try {
      if (spec.path_only === true) {
        door.pace?.(sourceOf(c));
        const input = route.input(c.req.param(), "", "");
        const reply = await door.dispatcher.call(spec.name, null, input, { request_id });
        return door.replies.success(reply, request_id, isPublic);
      }
      const request = c.req.raw;
      // Nothing may be awaited before this: see announcedBody.
      const announced = route.takes_body
        ? announcedBody(request, c.env as Partial<HttpBindings> | undefined, route.max_body)
        : "none";
      const form = spec.form === true && announced !== "none" ? formType(request.headers) : null;
      if (announced !== "none" && form === null) assertJson(request.headers);
      const actor = readsCredential ? await identify(c, door) : null;
      if (actor === null && readsCredential) door.pace?.(sourceOf(c));
      if (actor === null && !isPublic) throw unauthenticated("This call needs a credential.");
      const meta = { ...callMeta(request.headers, request_id), ...lasting(spec, request, door) };
      const text = await readText(request, announced, route.max_body);
      const body = form === null ? text : formAsJson(form, text);
      const url = request.url;
      const input = route.input(c.req.param(), queryOf(url), body);
      const reply = await door.dispatcher.call(spec.name, actor, input, meta);
      if (reply.kind === "json" && reply.etag !== undefined && hasVersion(request, reply.etag))
        return door.replies.unchanged(reply.etag, request_id);
      return door.replies.success(reply, request_id, isPublic);
    } catch (error) {
      return door.replies.failure(error, request_id, context);
    }
  };
}

/** True where the caller says that it has this very version (RFC 9110 section 13.1.2, compared weakly). */
function hasVersion(request: Request, etag: string): boolean {
  const known = (request.headers.get("if-none-match") ?? "").slice(0, 2000).split(",");
  return known.some((one) => one.trim().replace(/^W\//, "") === etag);
}

/** The media type of a form, or null for anything else. */
function formType(headers: Headers): string | null {
  const [essence = ""] = (headers.get("content-type") ?? "").toLowerCase().split(";");
  const type = essence.trim();
  return type === "application/x-www-form-urlencoded" || type === "multipart/form-data"
    ? type
    : null;
}

/**
 * A form's fields as the JSON object that operations are called with. RFC 8058 section 3.2 allows multipart too; what
 * such a one-click request says is in its address alone, so its fields are not read.
 */
function formAsJson(type: string, text: string): string {
  return type === "multipart/form-data"
    ? "{}"
    : JSON.stringify(Object.fromEntries(new URLSearchParams(text)));
}

async function readText(
  request: Request,
  announced: AnnouncedBody,
  limit: number,
): Promise<string> {
  return announced === "none" ? "" : bodyText(await readBody(request, announced, limit));
}

/** Who calls, or null when no credential came. A credential that came must be good, also where none is needed. */
async function identify(c: Context, door: Door): Promise<Actor | null> {
  const key = readApiKey(c.req.raw.headers);
  if (key === null) return null;
  const actor = await door.authenticate(key, "api");
  if (actor === null) door.pace?.(sourceOf(c));
  if (actor === null) throw invalidToken("This API key is unknown, revoked or expired.");
  return actor;
}

/** The address that the connection comes from; empty where there is none. */
function sourceOf(c: Context): string {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  return incoming?.socket.remoteAddress ?? "";
}

function callMeta(headers: Headers, request_id: string): CallMeta {
  const key = headers.get("idempotency-key");
  if (key === null) return { request_id };
  if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key))
    throw new Refusal(
      "invalid_idempotency_key",
      "The Idempotency-Key header is empty, too long or not ASCII.",
      {
        hint: "Send 1 to 255 printable ASCII characters.",
      },
    );
  return { request_id, idempotency_key: key };
}

/** What calls that last need besides. */
function lasting(spec: OperationSpec, request: Request, door: Door): Partial<CallMeta> {
  const streams = "content_type" in spec.output && spec.output.content_type === eventStream;
  if (!streams) return spec.waits === true || spec.lasts === true ? { signal: request.signal } : {};
  const key = readApiKey(request.headers);
  const again = door.reauthenticate ?? door.authenticate;
  const last = request.headers.get("last-event-id");
  return {
    signal: request.signal,
    ...(key === null ? {} : { reauthenticate: () => again(key, "api") }),
    ...(last === null ? {} : { last_event_id: last.slice(0, 200) }),
  };
}

function queryOf(url: string): string {
  const start = url.indexOf("?");
  if (start === -1) return "";
  const end = url.indexOf("#", start);
  return url.slice(start + 1, end === -1 ? undefined : end);
}

/** The application for what is mounted: hands `request_id` on (`c.get("request_id")`), and knows 404 from 405. */
function mountedApp(app: Hono, door: Door): Hono {
  const pages = new Hono<{ Bindings: { request_id: string }; Variables: { request_id: string } }>();
  pages.use((c, next) => {
    c.set("request_id", c.env.request_id);
    return next();
  });
  pages.onError((error, c) => door.replies.failure(error, c.env.request_id));
  pages.notFound((c) => {
    const { path, method } = c.req;
    const allow = [...new Set([...methodsOf(app, path), ...methodsOf(pages, path)])];
    if (allow.length === 0)
      return door.replies.failure(
        new Refusal("not_found", "There is nothing at this address.", {
          hint: "GET /v1/openapi.json lists what there is.",
        }),
        c.env.request_id,
      );
    const refusal = new Refusal(
      "method_not_allowed",
      `${method.slice(0, 20)} is not possible here.`,
      {
        hint: `Possible: ${allow.join(", ")}.`,
      },
    );
    return door.replies.failure(refusal, c.env.request_id, { allow });
  });
  door.mount?.(pages as unknown as Hono);
  return pages as unknown as Hono;
}

/** Adds what is missing; a response that came from elsewhere may have frozen headers and is copied. */
function withHeaders(
  response: Response,
  safety: readonly (readonly [string, string])[],
  request_id: string,
): Response {
  const add = (headers: Headers) => {
    for (const [name, value] of safety) if (!headers.has(name)) headers.set(name, value);
    headers.set("x-request-id", request_id);
  };
  try {
    add(response.headers);
    return response;
  } catch {
    const headers = new Headers(response.headers);
    add(headers);
    return new Response(response.body, { status: response.status, headers });
  }
}

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** The methods for which something other than a middleware answers at the path. */
function methodsOf(app: Pick<Hono, "router">, path: string): string[] {
  return methods
    .filter((method) =>
      app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
    )
    .flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
}

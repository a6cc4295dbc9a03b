/** The MCP door: Streamable HTTP without sessions, every request authenticated anew, both revisions of the protocol. */
import {
  type AuthInfo,
  createMcpHandler,
  readRequestBody,
  type Server,
} from "@modelcontextprotocol/server";
import { parseJson } from "../contract/json.ts";
import type { Authenticate } from "../contract/sign-in.ts";
import type { Actor } from "../core/actor.ts";
import { idPattern } from "../core/id.ts";
import { Refusal, type RefusalCode, type RefusalDetail } from "../core/refusal.ts";
import { type Caller, defaultMaxBody, mailboxHeader, wrapping } from "./call.ts";
import { createOpenCalls } from "./open-calls.ts";
import { fromElsewhere } from "./origin.ts";
import { resourceTable } from "./resources.ts";
import { type Era, type McpServerOptions, multimailServer } from "./server.ts";
import { missingScope, scopeChallenge } from "./step-up.ts";
import { toolTable } from "./tools.ts";

/** What the door is given. */
export type McpDoorOptions = McpServerOptions & {
  authenticate: Authenticate;
};

/** Makes the server that answers one request of `caller`. */
export type MakeServer = (caller: Caller, era: Era) => Server;

/** The largest body of any call, whatever operations say. */
const ceiling = 48 * 1024 * 1024;

/** Most streams of `subscriptions/listen` (2026-07-28) on a node: nothing that we declare comes on them. */
const maxSubscriptions = 100;

/** Most messages in one JSON-RPC batch (revision 2025-03-26 only; later ones have none). */
const maxBatch = 10;

/**
 * Answers requests to `/mcp`. Statuses of its own: 400 unreadable or ambiguous JSON, 401 no or unknown key, 403 foreign
 * `Origin`, 413 body too large; 429 and 503 where `authenticate` refuses so. All else is MCP inside 200.
 */
export function createMcpDoor(options: McpDoorOptions): (request: Request) => Promise<Response> {
  const tables = {
    tools: toolTable(options.dispatcher.operations),
    resources: resourceTable(options.dispatcher.operations),
    calls: createOpenCalls(),
  };
  return createDoorOf(
    options,
    tables.tools.largestBody,
    (caller, era) => multimailServer(options, tables, caller, era),
    (actor, message) => missingScope(tables.tools, actor, message),
  );
}

/**
 * The door without what stands behind it: the same checks in front of any server. `largestBody` says how many bytes the
 * caller's largest call may have, and what where none says.
 */
export function createDoorOf(
  options: McpDoorOptions,
  largestBody: (actor: Actor, otherwise: number) => number,
  makeServer: MakeServer,
  missing: (actor: Actor, message: unknown) => string | null = () => null,
): (request: Request) => Promise<Response> {
  // The SDK hands the same object to the factory: the caller rides on it without a cast.
  const callers = new WeakMap<AuthInfo, Caller>();
  const handler = createMcpHandler(
    ({ authInfo, era }) => {
      const caller = authInfo && callers.get(authInfo);
      if (!caller) throw new Error("An MCP request reached the server without a caller");
      return makeServer(caller, era);
    },
    {
      onerror: (error) => options.log.debug({ err: error }, "an MCP request was not served"),
      maxSubscriptions,
    },
  );
  return async (request) => {
    try {
      if (fromElsewhere(request, options.public_url))
        return refuse(options, 403, "csrf_failed", "Pages of this origin may not use MultiMail.");
      const actor = await authenticated(options, request);
      if (actor === null) return unauthenticated(options, request);
      const most = Math.min(ceiling, largestBody(actor, defaultMaxBody) + wrapping);
      const body = await readBody(request, most);
      const scope = missing(actor, body.parsed.parsedBody);
      if (scope !== null) return insufficient(options, scope);
      const caller: Caller = {
        actor,
        default_mailbox_id: defaultMailbox(request),
        body_bytes: body.bytes,
      };
      const authInfo: AuthInfo = {
        token: actor.credential_id,
        clientId: actor.credential_id,
        scopes: [...actor.scopes],
      };
      callers.set(authInfo, caller);
      return withoutOddLineEnds(await handler.fetch(request, { authInfo, ...body.parsed }));
    } catch (error) {
      if (error instanceof Refusal)
        return refuse(
          options,
          statuses[error.code] ?? 400,
          error.code,
          error.message,
          error.detail,
        );
      options.log.error({ err: error }, "an MCP request failed");
      return refuse(options, 500, "internal", "Something went wrong here.");
    }
  };
}

/** Statuses of what the door itself refuses; refusals of calls are results inside 200. */
const statuses: Readonly<Partial<Record<RefusalCode, number>>> = {
  payload_too_large: 413,
  rate_limited: 429,
  unavailable: 503,
};

/**
 * Some clients split event streams at every character that Unicode ends lines with, not only at CR and LF as HTML says: a
 * mail could then end an event early and begin one of its own. JSON can say those characters by their escapes.
 */
function withoutOddLineEnds(response: Response): Response {
  if (response.body === null) return response;
  const escaped = new TransformStream<string, string>({
    transform(chunk, controller) {
      controller.enqueue(
        chunk.replaceAll(
          /[\u0085\u2028\u2029]/g,
          (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, "0")}`,
        ),
      );
    },
  });
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(
    response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(escaped)
      .pipeThrough(new TextEncoderStream()),
    { status: response.status, headers },
  );
}

async function authenticated(options: McpDoorOptions, request: Request): Promise<Actor | null> {
  const key = apiKey(request.headers);
  return key === null ? null : options.authenticate(key, "mcp");
}

/** The key from `Authorization: Bearer` or, where there is no such header, `X-API-Key`. */
function apiKey(headers: Headers): string | null {
  const authorization = headers.get("authorization");
  const key =
    authorization === null
      ? headers.get("x-api-key")
      : (/^Bearer +([\w\-.~+/]+=*)$/i.exec(authorization)?.[1] ?? null);
  return key !== null && key !== "" && key.length <= 4096 ? key : null;
}

/** 401 with the challenge of RFC 6750 section 3 and RFC 9728 section 5.1. */
function unauthenticated(options: McpDoorOptions, request: Request): Response {
  const metadata = new URL("/.well-known/oauth-protected-resource/mcp", options.public_url).href;
  const given = request.headers.has("authorization") || request.headers.has("x-api-key");
  const response = refuse(
    options,
    401,
    "unauthenticated",
    given ? "The API key is unknown, revoked or expired." : "This call needs an API key.",
    { hint: "Send it as Authorization: Bearer mm_live_…" },
  );
  const error = given ? ', error="invalid_token"' : "";
  response.headers.set(
    "WWW-Authenticate",
    `Bearer realm="multimail"${error}, resource_metadata="${metadata}"`,
  );
  return response;
}

/** 403 with the scope that is missing: clients ask their person for it. */
function insufficient(options: McpDoorOptions, scope: string): Response {
  const response = refuse(
    options,
    403,
    "scope_required",
    `This call needs the scopes ${scope}, which were not granted.`,
  );
  response.headers.set("WWW-Authenticate", scopeChallenge(options.public_url, scope));
  return response;
}

/** The default mailbox; throws `validation_failed` where the header holds no id. */
function defaultMailbox(request: Request): string | null {
  const id = request.headers.get(mailboxHeader);
  if (id !== null && !idPattern.test(id))
    throw new Refusal("validation_failed", `${mailboxHeader} is no mailbox id.`, {
      field: mailboxHeader,
    });
  return id;
}

/** The body within bounds; other methods than POST have none and are answered by the SDK (405). */
async function readBody(
  request: Request,
  most: number,
): Promise<{ bytes: number; parsed: { parsedBody?: unknown } }> {
  if (request.method !== "POST") return { bytes: 0, parsed: {} };
  const read = await readRequestBody(request, most).catch(() => {
    throw new Refusal("invalid_json", "The request ended before its body was whole.");
  });
  if (read.tooLarge)
    throw new Refusal("payload_too_large", `A request of this key may take ${most} bytes.`);
  const parsedBody = parseJson(read.text);
  if (Array.isArray(parsedBody) && parsedBody.length > maxBatch)
    throw new Refusal("payload_too_large", `A batch may hold ${maxBatch} messages.`);
  return { bytes: Buffer.byteLength(read.text), parsed: { parsedBody } };
}

/** A refusal as a JSON-RPC error without an id, since the request was not looked at. */
function refuse(
  options: McpDoorOptions,
  status: number,
  code: RefusalCode,
  message: string,
  detail: RefusalDetail = {},
): Response {
  const data = { code, request_id: options.new_request_id(), ...detail };
  const retry =
    detail.retry_after === undefined ? {} : { "Retry-After": String(detail.retry_after) };
  return Response.json(
    {
      jsonrpc: "2.0",
      id: null,
      error: { code: code === "invalid_json" ? -32700 : -32000, message, data },
    },
    { status, headers: retry },
  );
}

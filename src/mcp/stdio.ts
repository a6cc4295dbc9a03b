/** MCP over stdio: a pipe from standard streams to a running server's `/mcp`, through which messages pass as they are. */
import type { Readable, Writable } from "node:stream";
import { idPattern } from "../core/id.ts";
import { mailboxHeader } from "./call.ts";
import {
  type Id,
  isRecord,
  type Message,
  parsed,
  requestId,
  standardHeaders,
  text,
} from "./json-rpc.ts";
import { eventData, lines } from "./line-stream.ts";

/** What the bridge is given; the three settings come from `MULTIMAIL_API_URL`, `_API_KEY` and `_MAILBOX_ID`. */
export type StdioBridge = {
  /** Base address of the server; `/v1` or `/mcp` at its end is accepted. */
  api_url: string | undefined;
  api_key: string | undefined;
  /** Stands in where a call leaves out `mailbox_id`. */
  mailbox_id: string | undefined;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  fetch: typeof globalThis.fetch;
};

/** Largest message either way: attachments travel as base64. */
const maxMessage = 64 * 1024 * 1024;

/** Most calls under way; more are refused at once, so that a cancellation is always read. */
const maxConcurrent = 64;

/** How long the first look at the server may take, in milliseconds. */
const firstLook = 15_000;

type Connection = {
  bridge: StdioBridge;
  endpoint: URL;
  version: string | null;
  calls: Map<Id, AbortController>;
  /** The trouble that stderr was last told of; null while the server answers. */
  trouble: string | null;
};

/**
 * Bridges standard streams to the server in both revisions of the protocol; tools, schemas and rules stay there.
 * Serves until standard input ends and every call is answered. Resolves with the exit status: 0, 2 when a setting
 * is missing or wrong, 1 when the server cannot be reached or refuses the key; one line on stderr says which.
 */
export async function runStdio(bridge: StdioBridge): Promise<number> {
  const fail = (status: number, sentence: string): number => {
    bridge.stderr.write(`multimail mcp: ${sentence}\n`);
    return status;
  };
  if (!bridge.api_url)
    return fail(
      2,
      "set MULTIMAIL_API_URL to the address of the server, such as http://localhost:8420",
    );
  if (!bridge.api_key) return fail(2, "set MULTIMAIL_API_KEY to an API key of that server");
  const endpoint = mcpEndpoint(bridge.api_url);
  if (!endpoint) return fail(2, `MULTIMAIL_API_URL is no http address: ${bridge.api_url}`);
  if (!/^[!-~]+$/.test(bridge.api_key))
    return fail(2, "MULTIMAIL_API_KEY holds characters that no key has");
  if (bridge.mailbox_id && !idPattern.test(bridge.mailbox_id))
    return fail(2, `MULTIMAIL_MAILBOX_ID is no mailbox id: ${bridge.mailbox_id}`);
  const connection: Connection = {
    bridge,
    endpoint,
    version: null,
    calls: new Map(),
    trouble: null,
  };
  const trouble = await firstTrouble(connection);
  if (trouble !== null) return fail(1, trouble);
  await serve(connection);
  return 0;
}

/** `/mcp` of the server at `url`, or null when that is no http or https address. */
export function mcpEndpoint(url: string): URL | null {
  const endpoint = URL.parse(url);
  if (!endpoint || !/^https?:$/.test(endpoint.protocol)) return null;
  endpoint.pathname = `${endpoint.pathname.replace(/\/+$/, "").replace(/\/(v1|mcp)$/, "")}/mcp`;
  endpoint.search = "";
  endpoint.hash = "";
  return endpoint;
}

/** Why the server cannot be used, or null. */
async function firstTrouble(connection: Connection): Promise<string | null> {
  try {
    const ping = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "ping" });
    const response = await post(connection, ping, {}, AbortSignal.timeout(firstLook));
    const trouble = response.ok ? null : await refusalSentence(connection, response);
    await response.body?.cancel().catch(() => {});
    return trouble;
  } catch (error) {
    return unreachable(connection, error);
  }
}

async function serve(connection: Connection): Promise<void> {
  const { stdin, stdout } = connection.bridge;
  const ended = new AbortController();
  // The client is gone: nothing that is still under way has a reader.
  stdout.on("error", () => {
    ended.abort();
    for (const call of connection.calls.values()) call.abort();
    stdin.destroy();
  });
  const running = new Set<Promise<void>>();
  try {
    for await (const line of lines(stdin, maxMessage)) {
      if (line === null)
        await reply(connection, null, -32600, `A message may hold ${maxMessage} bytes.`);
      else if (line.trim() !== "") {
        if (running.size >= maxConcurrent) {
          await refuseAll(connection, line);
          continue;
        }
        const task: Promise<void> = forward(connection, line).finally(() => running.delete(task));
        running.add(task);
      }
    }
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
  await Promise.all(running);
}

async function refuseAll(connection: Connection, line: string): Promise<void> {
  const messages = parsed(line) ?? [];
  for (const message of messages) {
    if (cancelled(connection, message)) continue;
    const id = requestId(message);
    if (id !== null)
      await reply(connection, id, -32000, `More than ${maxConcurrent} calls at once.`);
  }
}

/** Sends one line to the server and writes what comes back; never throws. */
async function forward(connection: Connection, line: string): Promise<void> {
  const messages = parsed(line);
  if (messages === null) return reply(connection, null, -32700, "The line is not JSON.");
  if (messages.length === 1 && messages[0] && cancelled(connection, messages[0])) return;
  const open = new Set(messages.map(requestId).filter((id) => id !== null));
  const abort = new AbortController();
  for (const id of open) connection.calls.set(id, abort);
  let sentence = "The server ended without an answer.";
  try {
    const response = await post(
      connection,
      line,
      standardHeaders(messages, connection.version),
      abort.signal,
    );
    const understood = await relay(connection, response, messages, open);
    if (!understood) sentence = await refusalSentence(connection, response);
    tellTrouble(connection, understood ? null : sentence);
  } catch (error) {
    sentence = unreachable(connection, error);
    if (!abort.signal.aborted) tellTrouble(connection, sentence);
  }
  for (const id of messages.map(requestId)) if (id !== null) connection.calls.delete(id);
  // A client that has cancelled expects no answer.
  if (!abort.signal.aborted) for (const id of open) await reply(connection, id, -32000, sentence);
}

/** Writes the messages of an answer, taking ids off `open`; false when the answer holds no MCP. */
async function relay(
  connection: Connection,
  response: Response,
  asked: readonly Message[],
  open: Set<Id>,
): Promise<boolean> {
  const type = response.headers.get("content-type") ?? "";
  if (response.status === 202 || response.body === null) return true;
  if (type.startsWith("text/event-stream")) {
    for await (const data of eventData(response.body, maxMessage))
      for (const message of parsed(data) ?? []) await pass(connection, message, asked, open);
    return true;
  }
  if (!type.startsWith("application/json") || response.status === 401) return false;
  for (const message of parsed(await response.text()) ?? []) {
    const only = [...open];
    // The door refuses a request before it reads its id.
    const answered =
      message.id === null && only.length === 1 ? { ...message, id: only[0] } : message;
    await pass(connection, answered, asked, open);
  }
  return true;
}

async function pass(
  connection: Connection,
  message: Message,
  asked: readonly Message[],
  open: Set<Id>,
): Promise<void> {
  if (typeof message.id === "string" || typeof message.id === "number") {
    open.delete(message.id);
    const question = asked.find(({ id }) => id === message.id);
    if (question?.method === "initialize" && "result" in message && isRecord(message.result))
      connection.version = text(message.result["protocolVersion"]);
  }
  await write(connection, message);
}

function post(
  { bridge, endpoint }: Connection,
  body: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  return bridge.fetch(endpoint, {
    method: "POST",
    body,
    signal,
    // A key follows no redirect.
    redirect: "manual",
    headers: {
      ...headers,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      Authorization: `Bearer ${bridge.api_key ?? ""}`,
      ...(bridge.mailbox_id ? { [mailboxHeader]: bridge.mailbox_id } : {}),
    },
  });
}

/** Aborts the call that a cancellation names; true when `message` is one. The server keeps no state to be told. */
function cancelled(connection: Connection, message: Message): boolean {
  if (message.method !== "notifications/cancelled") return false;
  const id = isRecord(message.params) ? message.params["requestId"] : null;
  if (typeof id === "string" || typeof id === "number") connection.calls.get(id)?.abort();
  return true;
}

async function refusalSentence(connection: Connection, response: Response): Promise<string> {
  if (response.status === 401)
    return `${connection.endpoint.origin} does not accept MULTIMAIL_API_KEY: it is unknown, revoked or expired`;
  const said = (await response.text().catch(() => "")).slice(0, 300);
  const [message] = parsed(said) ?? [];
  const error =
    message && "error" in message && isRecord(message.error)
      ? text(message.error["message"])
      : null;
  return `${connection.endpoint.href} answered ${response.status}${error === null ? "" : `: ${error}`}`;
}

/** One line on stderr when the server is lost or refuses, and one when it is back; calls go on either way. */
function tellTrouble(connection: Connection, trouble: string | null): void {
  if (trouble === connection.trouble) return;
  connection.trouble = trouble;
  const line = trouble ?? `${connection.endpoint.origin} answers again`;
  connection.bridge.stderr.write(`multimail mcp: ${line}\n`);
}

function unreachable(connection: Connection, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = isRecord(cause) && typeof cause["code"] === "string" ? cause["code"] : String(cause);
  return `cannot reach ${connection.endpoint.href} (${code.split("\n", 1)[0]})`;
}

function reply(
  connection: Connection,
  id: Id | null,
  code: number,
  message: string,
): Promise<void> {
  return write(connection, { jsonrpc: "2.0", id, error: { code, message } });
}

/** One message, one line; resolves when the client's pipe has taken it. A pipe that broke is seen by its event. */
function write({ bridge }: Connection, message: object): Promise<void> {
  return new Promise((resolve) => {
    bridge.stdout.write(`${JSON.stringify(message)}\n`, () => resolve());
  });
}

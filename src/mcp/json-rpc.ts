/** JSON-RPC messages as the stdio bridge must read them: ids, and the HTTP headers that repeat their content. */

/** An id that a client may choose. */
export type Id = string | number;

/** A request, notification or answer, unchecked. */
export type Message = { id?: unknown; method?: unknown; params?: unknown };

/** The messages of a line, of which a batch holds several; null when it is not JSON. */
export function parsed(line: string): Message[] | null {
  try {
    const value: unknown = JSON.parse(line);
    return (Array.isArray(value) ? value : [value]).filter(isRecord);
  } catch {
    return null;
  }
}

/** The id of a request that wants an answer, else null. */
export function requestId(message: Message): Id | null {
  const { id, method } = message;
  return typeof method === "string" && (typeof id === "string" || typeof id === "number")
    ? id
    : null;
}

/** The value when it is a string, else null. */
export function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** True for JSON objects. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The headers that Streamable HTTP asks for beside the body: revision 2026-07-28 names version, method and tool of
 * each request (SEP-2243), 2025-11-25 the version that `initialize` negotiated, null before that.
 */
export function standardHeaders(
  messages: readonly Message[],
  negotiated: string | null,
): Record<string, string> {
  const [message] = messages;
  const params = isRecord(message?.params) ? message.params : {};
  const meta = isRecord(params["_meta"]) ? params["_meta"] : {};
  const version = text(meta["io.modelcontextprotocol/protocolVersion"]);
  const method = text(message?.method);
  if (version === null || method === null)
    return negotiated === null || method === "initialize"
      ? {}
      : { "MCP-Protocol-Version": negotiated };
  const name = text(params["name"]) ?? text(params["uri"]);
  return {
    "MCP-Protocol-Version": headerValue(version),
    "Mcp-Method": headerValue(method),
    ...(name === null ? {} : { "Mcp-Name": headerValue(name) }),
  };
}

/** Printable ASCII as it is, anything else in the base64 form of SEP-2243. */
function headerValue(value: string): string {
  if (/^[!-~]([ -~]*[!-~])?$/.test(value) && !value.startsWith("=?base64?")) return value;
  return `=?base64?${Buffer.from(value).toString("base64")}?=`;
}

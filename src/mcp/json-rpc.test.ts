/** Promises of the bridge's reading of messages and addresses. */
import { expect, test } from "vitest";
import { standardHeaders } from "./json-rpc.ts";
import { mcpEndpoint } from "./stdio.ts";

const _meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };

test("a request of revision 2026-07-28 names version, method and tool in its headers", () => {
  const call = { id: 1, method: "tools/call", params: { _meta, name: "read_email" } };
  expect(standardHeaders([call], null)).toEqual({
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": "tools/call",
    "Mcp-Name": "read_email",
  });
});

test.each(["prüfen", " spaced ", "a\r\nX-Evil: 1", "=?base64?eA==?="])(
  "the name %j travels in base64 and cannot add a header",
  (name) => {
    const headers = standardHeaders([{ method: "tools/call", params: { _meta, name } }], null);
    const sent = headers["Mcp-Name"] ?? "";
    expect(sent).toMatch(/^=\?base64\?[\w+/]+=*\?=$/);
    expect(Buffer.from(sent.slice(9, -2), "base64").toString()).toBe(name);
  },
);

test("a request of revision 2025-11-25 names the version that was negotiated", () => {
  expect(standardHeaders([{ id: 1, method: "initialize" }], "2025-11-25")).toEqual({});
  expect(standardHeaders([{ id: 1, method: "ping" }], null)).toEqual({});
  expect(standardHeaders([{ id: 1, method: "ping" }], "2025-11-25")).toEqual({
    "MCP-Protocol-Version": "2025-11-25",
  });
});

test.each([
  ["http://localhost:8025", "http://localhost:8025/mcp"],
  ["https://mail.example.com/v1/", "https://mail.example.com/mcp"],
  ["https://example.com/multimail/mcp?x#y", "https://example.com/multimail/mcp"],
  ["localhost:8025", undefined],
  ["mail.example.com", undefined],
])("the server at %s is asked at %s", (url, endpoint) => {
  expect(mcpEndpoint(url)?.href).toBe(endpoint);
});

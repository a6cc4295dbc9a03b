/** The tools that a key sees over MCP. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

/** Names in the tool list of a key. */
export async function toolNames(url: string, key: string): Promise<string[]> {
  const client = new Client({ name: "test", version: "1" });
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  const { tools } = await client.listTools();
  await client.close();
  return tools.map((tool) => tool.name);
}

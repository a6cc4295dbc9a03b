/** What the official MCP conformance suite wants to find on a server: tools, resources and prompts of its names, in front of ours. */
import {
  type CallToolResult,
  type GetPromptResult,
  MissingRequiredClientCapabilityError,
  type Prompt,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  type Server,
  type ServerContext,
  type Tool,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { bytes, operation } from "../../src/contract/operation.ts";
import { Refusal } from "../../src/core/refusal.ts";
import type { Caller } from "../../src/mcp/call.ts";
import {
  type Era,
  type McpServerOptions,
  type Tables,
  answerCall,
  multimailServer,
} from "../../src/mcp/server.ts";

const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==";
const wav = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQAAAAA=";

const define = operation<object>();
const common = {
  tag: "fixtures",
  summary: "A fixture",
  description: "For the conformance suite.",
  method: "GET",
  effect: "read",
  access: "read",
  status: 200,
  refusals: [],
  tool: true,
} as const;

/** Fixtures that are operations: they take the same road as every tool and resource of ours. */
export const fixtureOperations = [
  define({
    ...common,
    name: "test_simple_text",
    path: "/v1/fixtures/text",
    input: z.strictObject({}),
    output: z.object({ said: z.string() }),
    resource: { uri: "test://static-text" },
    handle: async () => ({ said: "Plain words" }),
  }),
  define({
    ...common,
    name: "test_error_handling",
    path: "/v1/fixtures/error",
    input: z.strictObject({}),
    output: z.object({}),
    refusals: ["not_found"],
    handle: async () => {
      throw new Refusal("not_found", "There is nothing here, as the suite wishes.");
    },
  }),
  define({
    ...common,
    name: "test_embedded_resource",
    path: "/v1/fixtures/bytes",
    input: z.strictObject({}),
    output: { content_type: "text/plain" },
    handle: async () => bytes("text/plain", Buffer.from("Embedded words")),
  }),
  define({
    ...common,
    name: "test_tool_with_progress",
    path: "/v1/fixtures/wait",
    input: z.strictObject({ timeout_seconds: z.number().default(1) }),
    output: z.object({ waited: z.boolean() }),
    handle: async () => {
      await new Promise((done) => setTimeout(done, 250));
      return { waited: true };
    },
  }),
  define({
    ...common,
    name: "test_template",
    path: "/v1/fixtures/template/{id}",
    input: z.strictObject({ id: z.string() }),
    output: z.object({ id: z.string(), templateTest: z.boolean(), data: z.string() }),
    resource: { uri: "test://template/{id}/data" },
    handle: async (_, { id }) => ({ id, templateTest: true, data: `Data for ID: ${id}` }),
  }),
];

const nothing = { type: "object" as const, properties: {} };

/** Results of kinds that no operation of ours has. */
const results: Readonly<Record<string, () => CallToolResult>> = {
  test_image_content: () => ({ content: [{ type: "image", data: png, mimeType: "image/png" }] }),
  test_audio_content: () => ({ content: [{ type: "audio", data: wav, mimeType: "audio/wav" }] }),
  test_multiple_content_types: () => ({
    content: [
      { type: "text", text: "Several kinds" },
      { type: "image", data: png, mimeType: "image/png" },
      {
        type: "resource",
        resource: { uri: "test://mixed", mimeType: "application/json", text: '{"test":"data"}' },
      },
    ],
  }),
  json_schema_2020_12_tool: () => ({ content: [{ type: "text", text: "ok" }] }),
  test_missing_capability: () => {
    throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
  },
  test_logging_tool: () => ({ content: [{ type: "text", text: "No log was written" }] }),
  test_tool_with_logging: () => ({ content: [] }),
  test_streaming_elicitation: () => ({ content: [{ type: "text", text: "Asked for nothing" }] }),
};

const schemas: Readonly<Record<string, Tool["inputSchema"]>> = {
  json_schema_2020_12_tool: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    $defs: {
      address: {
        $anchor: "addressDef",
        type: "object",
        properties: { street: { type: "string" }, city: { type: "string" } },
      },
    },
    properties: {
      name: { type: "string" },
      address: { $ref: "#/$defs/address" },
      contactMethod: { type: "string", enum: ["phone", "email"] },
      phone: { type: "string" },
      email: { type: "string" },
    },
    allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
    if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
    then: { required: ["phone"] },
    else: { required: ["email"] },
    additionalProperties: false,
  },
};

const tools: Tool[] = Object.keys(results).map((name) => ({
  name,
  description: "For the conformance suite.",
  inputSchema: schemas[name] ?? nothing,
}));

const says = (text: string): GetPromptResult["messages"][number] => ({
  role: "user",
  content: { type: "text", text },
});

const prompts: Readonly<
  Record<string, { prompt: Prompt; get(args: Record<string, string>): GetPromptResult }>
> = {
  test_simple_prompt: {
    prompt: { name: "test_simple_prompt", description: "Plain" },
    get: () => ({ messages: [says("A plain prompt")] }),
  },
  test_prompt_with_arguments: {
    prompt: {
      name: "test_prompt_with_arguments",
      description: "With arguments",
      arguments: [
        { name: "arg1", required: true },
        { name: "arg2", required: true },
      ],
    },
    get: ({ arg1, arg2 }) => ({
      messages: [says(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
    }),
  },
  test_prompt_with_embedded_resource: {
    prompt: {
      name: "test_prompt_with_embedded_resource",
      description: "With a resource",
      arguments: [{ name: "resourceUri", required: true }],
    },
    get: ({ resourceUri = "" }) => ({
      messages: [
        {
          role: "user",
          content: {
            type: "resource",
            resource: { uri: resourceUri, mimeType: "text/plain", text: "Embedded words" },
          },
        },
        says("Look at the resource above."),
      ],
    }),
  },
  test_prompt_with_image: {
    prompt: { name: "test_prompt_with_image", description: "With a picture" },
    get: () => ({
      messages: [
        { role: "user", content: { type: "image", data: png, mimeType: "image/png" } },
        says("Look at the picture above."),
      ],
    }),
  },
};

const staticResources = [
  { uri: "test://static-text", name: "static-text", mimeType: "application/json" },
  { uri: "test://static-binary", name: "static-binary", mimeType: "image/png" },
];

/** Our server, with the fixtures before it; what is none of theirs is ours to answer. */
export function fixtureServer(
  options: McpServerOptions,
  tables: Tables,
  caller: Caller,
  era: Era,
): Server {
  const server = multimailServer(options, tables, caller, era);
  server.setRequestHandler("tools/list", async () => ({
    tools: [
      ...tables.tools.list({ actor: caller.actor, read_only: false, default_mailbox: false }),
      ...tools,
    ],
  }));
  server.setRequestHandler("tools/call", async ({ params }, ctx) => {
    if (params.name === "test_tool_with_logging") return logged(ctx);
    const result = results[params.name];
    return result ? result() : answerCall(options, tables, caller, params, ctx, era);
  });
  server.setRequestHandler("resources/list", async () => ({ resources: staticResources }));
  server.setRequestHandler("resources/read", async ({ params: { uri } }) =>
    uri === "test://static-binary"
      ? ({ contents: [{ uri, mimeType: "image/png", blob: png }] } satisfies ReadResourceResult)
      : tables.resources.read(options, caller, uri),
  );
  server.setRequestHandler("prompts/list", async () => ({
    prompts: Object.values(prompts).map(({ prompt }) => prompt),
  }));
  server.setRequestHandler("prompts/get", async ({ params }) => {
    const found = prompts[params.name];
    if (!found) throw new ProtocolError(ProtocolErrorCode.InvalidParams, "There is no such prompt");
    return found.get(params.arguments ?? {});
  });
  return server;
}

async function logged(ctx: ServerContext): Promise<CallToolResult> {
  for (const data of ["begun", "at it", "done"])
    await ctx.mcpReq.notify({ method: "notifications/message", params: { level: "info", data } });
  return { content: [{ type: "text", text: "Logged" }] };
}

/** Every operation through REST, MCP, the command line, TypeScript and Python: one answer, and one trace in the log. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pythonName } from "../../scripts/generate-sdk-python.ts";
import { MultiMail, MultiMailError } from "../../sdk/src/multimail.ts";
import { kebab } from "../../src/cli/command.ts";
import type { OperationSpec } from "../../src/contract/operation.ts";
import { operationId } from "../../src/http/openapi.ts";
import { allOperations } from "../../src/operations/all.ts";
import { type Place, inputs, placeOf, reachInto } from "./authorisation-inputs.ts";
import { callOperation, runCommand } from "./operation-calls.ts";
import { python, startPython } from "./python-sdk.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

type Input = Record<string, unknown>;

/** What a surface brought back: an answer, or the code of a refusal. */
type Said = { body: unknown } | { code: unknown };

/** A way to call operations. Null where it cannot say such a call at all. */
type Surface = (spec: OperationSpec, key: string, input: Input) => Promise<Said | null>;

let running: Running;
let node: SecondNode;
let py: ReturnType<typeof startPython> | null = null;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  reachInto(running, node);
  if (python) py = startPython();
});
afterAll(async () => {
  py?.stop();
  await node.close();
  await running.stop();
});

const isJson = (spec: OperationSpec): boolean => !("content_type" in spec.output);

const rest: Surface = async (spec, key, input) => {
  const { status, body } = await callOperation(running, spec, key, input);
  return status < 400 ? { body } : { code: body.code };
};

const mcp: Surface = async (spec, key, input) => {
  if (!spec.tool || !isJson(spec)) return null;
  const client = new Client({ name: "test", version: "1" });
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${running.known.url}/mcp`), { requestInit }),
  );
  try {
    const answer = await client.callTool({ name: spec.name, arguments: input });
    const content = answer.structuredContent as Record<string, unknown>;
    return answer.isError === true ? { code: content["code"] } : { body: content };
  } finally {
    await client.close();
  }
};

/** Values as a person types them. */
function flagsOf(input: Input): string[] {
  const flags: string[] = [];
  for (const [name, value] of Object.entries(input)) {
    const texts = Array.isArray(value) ? value : [value];
    for (const text of texts)
      if (text === null) flags.push(`--no-${kebab(name)}`);
      else if (typeof text === "boolean") flags.push(`--${text ? "" : "no-"}${kebab(name)}`);
      else flags.push(`--${kebab(name)}=${typeof text === "object" ? JSON.stringify(text) : text}`);
  }
  return flags;
}

const cli: Surface = async (spec, key, input) => {
  if (!isJson(spec)) return null;
  const flags = flagsOf(input);
  const env = { MULTIMAIL_API_URL: running.known.url, MULTIMAIL_API_KEY: key };
  const { code, out, err } = await runCommand(["call", kebab(spec.name), ...flags, "--json"], env);
  if (code > 1) return { code: `exit code ${code}: ${err}` };
  return code === 0 ? { body: JSON.parse(out) } : { code: JSON.parse(err).code };
};

const typescript: Surface = async (spec, key, input) => {
  const client = new MultiMail({ baseUrl: running.known.url, apiKey: key, maxRetries: 0 });
  const method = (client as unknown as Record<string, (input: Input) => Promise<unknown>>)[
    operationId(spec.name)
  ];
  try {
    return { body: await method?.call(client, input) };
  } catch (error) {
    if (!(error instanceof MultiMailError)) throw error;
    return { code: "code" in error ? error.code : error.message };
  }
};

const inPython: Surface = async (spec, key, input) => {
  if (!py) return null;
  const client = { base_url: running.known.url, api_key: key, max_retries: 0 };
  const args = Object.fromEntries(
    Object.entries(input).map(([name, value]) => [pythonName(name), value]),
  );
  const answer = await py.call({ client, method: pythonName(spec.name), args });
  if (answer.bug !== undefined) return { code: answer.bug };
  return answer.error === undefined ? { body: answer.ok } : { code: answer.error.code };
};

/** An operator for each surface, so that nothing was done before by another. */
async function operators(): Promise<Record<string, Place>> {
  const places: Record<string, Place> = {};
  for (const [i, name] of Object.keys(surfaces).entries()) {
    const founded = await node.found(`operator${i}`);
    places[name] = await placeOf(
      { admin: founded.admin_key, agent: founded.agent_key, overseer: founded.oversight_key },
      founded.operator_id,
      founded.mailbox_id,
    );
  }
  return places;
}

const surfaces: Record<string, Surface> = { rest, mcp, cli, typescript, python: inPython };

/** How far things have come, what a worker does beside the call, early or late, and the beginnings of secrets and of names made up. */
const passing = new Set([
  "cursor",
  "next_cursor",
  "last_attempt",
  "last_used_at",
  "prefix",
  "mailbox_address",
]);

/** What differs from call to call whatever is called: ids, times, digests, secrets, counters. Lists grow, so their first items stand for all. */
function alike(value: unknown): unknown {
  if (typeof value === "number") return 0;
  if (typeof value === "string")
    return (
      value
        .replaceAll(/\d{4}-\d\d-\d\d(?:T[\d:.]+Z?)?/g, "<time>")
        // Ids, digests, tokens.
        .replaceAll(/[\w+/=-]{20,}/g, (run) => (/\d/.test(run) ? "<token>" : run))
        .replaceAll(/mm[er]-[a-z0-9]+/g, "<selector>")
        .replaceAll(/\d+/g, "<n>")
    );
  if (Array.isArray(value)) return value.slice(0, 1).map(alike);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => !passing.has(name))
        .map(([name, one]) => [alike(name), alike(one)]),
    );
  return value;
}

/** What keys of an operator have left in the log: type and content of each entry. */
async function entriesOf(operatorId: string): Promise<{ entry_id: string; said: unknown }[]> {
  const rows = await node.as(
    (tx) =>
      tx.named<{ entry_id: string; body: Buffer }>(
        "entries_of_keys",
        "SELECT entry_id, body FROM log_entry WHERE operator_id = $1 AND actor_kind = 'api_key' ORDER BY entry_id",
        [tx.operator_id],
      ),
    operatorId,
  );
  return rows.map(({ entry_id, body }) => ({ entry_id, said: alike(JSON.parse(body.toString())) }));
}

/** Where two texts part, and how each goes on from a little before. */
function difference(found: string, wanted: string): string {
  let at = 0;
  while (found[at] === wanted[at] && at < found.length) at++;
  const from = Math.max(0, at - 60);
  return `${found.slice(from, at + 200)}\n  by REST: ${wanted.slice(from, at + 200)}`;
}

/** Ends the operator; looks at all that was done before, of which some ways leave less. */
const apart = new Set(["delete_account", "replay_policy"]);

/** Not one answer but a stream; tested with what makes its events. */
const streams = (spec: OperationSpec): boolean =>
  "content_type" in spec.output && spec.output.content_type.startsWith("text/event-stream");

test(
  "the same input gives the same answer and the same log entries, whatever way it comes",
  {
    timeout: 300_000,
  },
  async () => {
    const wrong: string[] = [];
    const cells: Record<string, number> = {};
    const places = await operators();
    for (const spec of allOperations.filter((one) => !streams(one) && !apart.has(one.name))) {
      let wanted: { said: unknown; log: unknown } | null = null;
      for (const [name, surface] of Object.entries(surfaces)) {
        const place = places[name];
        if (!place) continue;
        const key = spec.access === "oversight" ? place.overseer : place.admin;
        const input = { ...(await inputs[spec.name]?.(place, true)) } as Input;
        const before = new Set((await entriesOf(place.operator_id)).map((one) => one.entry_id));
        const said = await surface(spec, key, input);
        if (said === null) continue;
        const log = (await entriesOf(place.operator_id)).filter((one) => !before.has(one.entry_id));
        const found = {
          // Of answers that are not JSON the surfaces keep different things; that they are answered is seen above.
          said: isJson(spec) || "code" in said ? alike(said) : "bytes",
          log: log.map((one) => one.said),
        };
        cells[name] = (cells[name] ?? 0) + 1;
        wanted ??= found;
        if (JSON.stringify(found) !== JSON.stringify(wanted))
          wrong.push(
            `${spec.name} by ${name}: ${difference(JSON.stringify(found), JSON.stringify(wanted))}`,
          );
      }
    }
    expect(wrong.join("\n\n")).toBe("");
    const all = allOperations.length;
    expect(cells["rest"]).toBeGreaterThan(all - 5);
    expect(cells["typescript"]).toBe(cells["rest"]);
    if (python) expect(cells["python"]).toBe(cells["rest"]);
    expect(cells["cli"]).toBeGreaterThan(all * 0.8);
    expect(cells["mcp"]).toBeGreaterThan(all * 0.4);
  },
);

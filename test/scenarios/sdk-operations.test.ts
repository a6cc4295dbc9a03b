/** Every operation through both SDKs and the real HTTP door: what the method was given is what the operation gets. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EventStream, MultiMail } from "../../sdk/src/multimail.ts";
import { operations } from "../../sdk/src/generated/operations.ts";
import { pythonName } from "../../scripts/generate-sdk-python.ts";
import type { Dispatcher } from "../../src/contract/dispatch.ts";
import { json, stream } from "../../src/contract/operation.ts";
import { createApp } from "../../src/http/app.ts";
import { listen } from "../../src/http/server.ts";
import { operationId } from "../../src/http/openapi.ts";
import { allOperations } from "../../src/operations/all.ts";
import { python, startPython } from "./python-sdk.ts";
import { sampleInput } from "./schema-samples.ts";

/** A call as it came through the door. */
type Seen = { name: string; input: unknown; idempotency_key: string | undefined; key: string };
const seen: Seen[] = [];
let server: Awaited<ReturnType<typeof listen>>;

beforeAll(async () => {
  const dispatcher: Dispatcher = {
    operations: allOperations,
    async call(name, actor, input, meta) {
      const key = actor?.credential_id ?? "";
      seen.push({ name, input, idempotency_key: meta.idempotency_key, key });
      const spec = allOperations.find((one) => one.name === name);
      if (spec === undefined || !isStream(spec)) return json(200, { name });
      return stream("text/event-stream", parts(`data: ${JSON.stringify({ name })}\n\n`));
    },
  };
  const silent = { info() {}, warn() {}, error() {} };
  const app = createApp({
    dispatcher,
    authenticate: async (key) => ({
      kind: "api_key",
      operator_id: "operator",
      credential_id: key,
      person_id: null,
      role: null,
      scopes: [],
      mailbox_ids: null,
      test: true,
      signed_in_at: null,
    }),
    new_request_id: () => "request",
    log: silent,
    public_url: "http://127.0.0.1",
  });
  server = await listen(app, { host: "127.0.0.1", port: 0 });
});
afterAll(() => server.close());

type Spec = (typeof allOperations)[number];

/** True for events as they happen. */
const isStream = (spec: Spec): boolean =>
  "content_type" in spec.output && spec.output.content_type.startsWith("text/event-stream");

async function* parts(...all: string[]): AsyncGenerator<string> {
  yield* all;
}

/** What the operation must get: of a call whose path says all, the path alone. */
function expected(spec: Spec, sample: Record<string, unknown>): object {
  if (spec.path_only !== true) return sample;
  return Object.fromEntries(
    Object.entries(sample).filter(
      ([name]) => spec.path.includes(`{${name}}`) || spec.path.includes(`{${name}*}`),
    ),
  );
}

const every = allOperations.map((spec) => [operationId(spec.name), spec] as const);
const secret = "mm_test_key";

describe("TypeScript", () => {
  test("has a method for every operation and none besides", () => {
    expect(Object.keys(operations).sort()).toEqual(every.map(([id]) => id).sort());
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(MultiMail.prototype));
    expect(methods.filter((name) => name !== "constructor").sort()).toEqual(
      every.map(([id]) => id).sort(),
    );
  });

  test.each(every)("%s brings each input to its place", async (id, spec) => {
    const client = new MultiMail({ baseUrl: server.url, apiKey: secret, maxRetries: 0 });
    const sample = sampleInput(spec);
    seen.length = 0;
    const call = Reflect.get(client, id) as (input: object) => PromiseLike<unknown> | object;
    const answer = call.call(client, sample);
    if (isStream(spec))
      for await (const { data } of answer as EventStream) {
        expect(data).toEqual({ name: spec.name });
        break;
      }
    else await answer;
    expect(seen.map(({ name }) => name)).toEqual([spec.name]);
    expect(seen[0]?.input).toEqual(expected(spec, sample));
    if (spec.access !== "public") expect(seen[0]?.key).toBe(secret);
  });
});

describe.skipIf(python === undefined)("Python", () => {
  let sdk: ReturnType<typeof startPython>;
  beforeAll(() => {
    sdk = startPython();
  });
  afterAll(() => sdk.stop());

  test.each(every)("%s brings each input to its place", async (_, spec) => {
    const sample = sampleInput(spec);
    seen.length = 0;
    const said = await sdk.call({
      client: { base_url: server.url, api_key: secret, max_retries: 0 },
      method: spec.name,
      ...(isStream(spec) ? { take: 1 } : {}),
      args: Object.fromEntries(
        Object.entries(sample).map(([name, value]) => [pythonName(name), value]),
      ),
    });
    expect(said.bug).toBeUndefined();
    expect(said.error).toBeUndefined();
    expect(seen.map(({ name }) => name)).toEqual([spec.name]);
    expect(seen[0]?.input).toEqual(expected(spec, sample));
    if (spec.access !== "public") expect(seen[0]?.key).toBe(secret);
  });
});

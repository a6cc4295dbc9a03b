/** Both SDKs behind one way to call them, so that one test holds for both. */
import {
  ApiError,
  type ClientOptions,
  EventStream,
  MultiMail,
  MultiMailError,
} from "../../sdk/src/multimail.ts";
import { Transport } from "../../sdk/src/transport.ts";
import { operationId } from "../../src/http/openapi.ts";
import { type PythonAnswer, python, startPython } from "./python-sdk.ts";

/** How the client is made. Times are in seconds. */
export type Making = { base_url: string; api_key?: string; timeout?: number; max_retries?: number };

/** What came of a call; field names are Python's, waits are in seconds. */
export type Outcome = PythonAnswer;

/** An SDK as a test calls it: operations by their snake_case names, `stream` for server-sent events. */
export type Sdk = {
  name: string;
  call(
    making: Making,
    method: string,
    args?: Record<string, unknown>,
    take?: number,
  ): Promise<Outcome>;
  /** The same call so many times at once on one client; `ok` is the list of answers. */
  together(
    making: Making,
    method: string,
    args: Record<string, unknown>,
    times: number,
  ): Promise<Outcome>;
  stop(): void;
};

/** The SDKs that can run here. */
export const sdks: { name: string; start: (() => Sdk) | null }[] = [
  { name: "TypeScript", start: typescriptSdk },
  { name: "Python", start: python === undefined ? null : pythonSdk },
];

function pythonSdk(): Sdk {
  const { call, stop } = startPython();
  return {
    name: "Python",
    stop,
    together: (client, method, args, times) => call({ client, method, args, times }),
    call: (client, method, args = {}, take) =>
      call({
        client,
        method,
        ...(method === "stream" ? {} : { args }),
        ...(take === undefined ? {} : { take }),
      }),
  };
}

function typescriptSdk(): Sdk {
  return {
    name: "TypeScript",
    stop() {},
    async together(making, method, args, times) {
      const client = new MultiMail({ baseUrl: making.base_url, apiKey: making.api_key });
      const call = Reflect.get(client, operationId(method)) as (input: object) => Promise<unknown>;
      const all = Array.from({ length: times }, () => call.call(client, args));
      return { ok: await Promise.all(all), waited: [] };
    },
    async call(making, method, args = {}, take) {
      const waited: number[] = [];
      try {
        const ok = await typescriptCall(
          {
            baseUrl: making.base_url,
            apiKey: making.api_key,
            maxRetries: making.max_retries,
            timeoutMs: making.timeout === undefined ? undefined : making.timeout * 1000,
            wait: async (milliseconds) => void waited.push(milliseconds / 1000),
          },
          method,
          args,
          take,
        );
        return { ok, waited };
      } catch (error) {
        if (!(error instanceof MultiMailError)) return { bug: String(error), waited };
        return { error: fieldsOf(error), waited };
      }
    },
  };
}

async function typescriptCall(
  options: ClientOptions,
  method: string,
  args: object,
  take: number | undefined,
): Promise<unknown> {
  const client = new MultiMail(options);
  const all = method.endsWith("_all");
  const id = operationId(method.replace(/_all$/, ""));
  const answer: unknown =
    method === "stream"
      ? new EventStream(
          new Transport(options),
          { verb: "GET", path: "/v1/events/stream", repeat: "safe" },
          {},
        )
      : (Reflect.get(client, id) as (input: object) => unknown).call(client, args);
  if (!all && !(answer instanceof EventStream)) return answer;
  const items: unknown[] = [];
  for await (const item of answer as AsyncIterable<unknown>) {
    items.push(item);
    if (items.length === take) break;
  }
  return items;
}

function fieldsOf(error: MultiMailError): Record<string, unknown> {
  const base = { class: error.name, message: error.message };
  if (!(error instanceof ApiError)) return base;
  const { status, code, requestId, hint, field, retryAfterSeconds } = error;
  return {
    ...base,
    status,
    code,
    request_id: requestId,
    hint,
    field,
    retry_after: retryAfterSeconds,
  };
}

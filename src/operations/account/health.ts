/** `health`, ready and openapi: what machines ask of the instance itself. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { json } from "../../contract/operation.ts";
import { Refusal } from "../../core/refusal.ts";
import { operation } from "../context.ts";

const open = {
  tag: "instance",
  method: "GET",
  effect: "read",
  access: "public",
  status: 200,
  tool: false,
} as const;

export const health = operation({
  ...open,
  name: "health",
  summary: "Is the process alive",
  description: "Answers as soon as the process can; says nothing of the database.",
  path: "/health",
  input: z.strictObject({}),
  output: z.object({ status: z.literal("ok"), version: z.string() }),
  refusals: [],
  async handle({ instance }) {
    return { status: "ok" as const, version: instance.version };
  },
});

export const ready = operation({
  ...open,
  name: "ready",
  summary: "Can the instance take work",
  description: "Answers 200 when the database answers, else 503.",
  path: "/ready",
  input: z.strictObject({}),
  output: z.object({ status: z.literal("ready") }),
  refusals: ["unavailable"],
  async handle({ read }) {
    if (!(await read.ready()))
      throw new Refusal("unavailable", "The database does not answer.", { retry_after: 1 });
    return { status: "ready" as const };
  },
});

const etags = new WeakMap<object, string>();

/** Taken once: the document is the same for as long as the process lives. */
function etagOf(document: object): string {
  const etag = etags.get(document) ?? `"${sha256(JSON.stringify(document)).slice(0, 32)}"`;
  etags.set(document, etag);
  return etag;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export const openapi = operation({
  ...open,
  name: "openapi",
  summary: "This API as OpenAPI 3.1",
  description: "The OpenAPI document that all clients are made from.",
  path: "/v1/openapi.json",
  input: z.strictObject({}),
  output: z.looseObject({ openapi: z.string() }),
  refusals: [],
  async handle({ instance }) {
    const document = instance.openapi();
    return { ...json(200, { openapi: "3.1.0", ...document }), etag: etagOf(document) };
  },
});

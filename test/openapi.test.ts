/** The whole OpenAPI document: references, examples, tags, and that each refusal an operation can answer is documented. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { OperationSpec } from "../src/contract/operation.ts";
import { operationId } from "../src/http/openapi.ts";
import { ignoresCredential } from "../src/http/route.ts";
import { refusalStatus } from "../src/http/status.ts";
import { openApiOf } from "../src/openapi-document.ts";
import { allOperations } from "../src/operations/all.ts";
import { pointed } from "./json-pointer.ts";
import { root } from "./source.ts";

// oxlint-disable-next-line typescript/no-explicit-any
type Piece = any;
const document: Piece = JSON.parse(JSON.stringify(openApiOf(allOperations)));

function described(spec: OperationSpec): Piece {
  return document.paths[spec.path.replaceAll("*}", "}")]?.[spec.method.toLowerCase()];
}

/** Every object of the document with where it stands. */
function* objects(value: Piece, path: string): Generator<{ path: string; value: Piece }> {
  if (typeof value !== "object" || value === null) return;
  yield { path, value };
  for (const [name, inner] of Object.entries(value)) yield* objects(inner, `${path}/${name}`);
}

test("every $ref of the document resolves", () => {
  let count = 0;
  for (const { path, value } of objects(document, "#"))
    if (typeof value.$ref === "string") {
      count++;
      expect(value.$ref, path).toMatch(/^#\//);
      expect(pointed(document, value.$ref), `${path}: ${value.$ref}`).toBeDefined();
    }
  expect(count).toBeGreaterThan(100);
});

test("every operation documents each refusal that it declares, and those of the door and the dispatcher", () => {
  for (const spec of allOperations) {
    const answers: Piece = described(spec).responses;
    const needs = new Set([...spec.refusals, "validation_failed", "internal", "unavailable"]);
    if (spec.access !== "public") needs.add("unauthenticated").add("scope_required");
    if (spec.path_only !== true && !ignoresCredential.has(spec.path)) needs.add("unauthenticated");
    if ("mailbox_id" in spec.input.shape) needs.add("not_found");
    if (spec.sensitive === true) needs.add("invalid_code");
    if (spec.method !== "GET") needs.add("payload_too_large").add("invalid_json");
    for (const code of needs) {
      const status = refusalStatus[code as keyof typeof refusalStatus];
      const codes = answers[status]?.content["application/json"].schema.properties.code.enum ?? [];
      expect(codes, `${spec.name}: ${status}`).toContain(code);
    }
  }
});

test("every example is one that the operation itself takes", () => {
  let count = 0;
  for (const spec of allOperations) {
    const body = described(spec).requestBody?.content["application/json"];
    if (body === undefined) continue;
    expect(body.example, `${spec.name} has no example`).toBeDefined();
    for (const [name, value] of Object.entries(body.example)) {
      expect(spec.input.shape[name]?.safeParse(value).success, `${spec.name}: ${name}`).toBe(true);
      count++;
    }
  }
  expect(count).toBeGreaterThan(50);
});

test("every tag says in a sentence what it is about", () => {
  for (const { name, description } of document.tags)
    expect(description, `${name} has no sentence in src/http/openapi-tags.ts`).toMatch(/\.$/);
});

test("every operation has an id of its own, and no pattern needs the flag u", () => {
  const ids = Object.values<Piece>(document.paths).flatMap((item) =>
    Object.values<Piece>(item).map((one) => one.operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(ids)).toEqual(new Set(allOperations.map(({ name }) => operationId(name))));
  for (const { path, value } of objects(document, "#"))
    if (typeof value.pattern === "string") expect(value.pattern, path).not.toContain("\\p{");
});

test("what is committed as openapi.json is this document", () => {
  expect(JSON.parse(readFileSync(`${root}openapi.json`, "utf8"))).toEqual(document);
});

/** Routes: input from path, query and body, and the order of paths that both match. */
import { expect, test } from "vitest";
import { z } from "zod";
import type { OperationSpec } from "../contract/operation.ts";
import { refusalCodes } from "../core/refusal.ts";
import { bySpecificity, pathNames, routeOf } from "./route.ts";
import { refusalStatus } from "./status.ts";

const spec = (
  method: OperationSpec["method"],
  path: string,
  input: z.ZodObject,
): OperationSpec => ({
  name: `${method.toLowerCase()} ${path}`,
  tag: "Test",
  summary: "",
  description: "",
  method,
  path,
  effect: "write",
  access: "read",
  input,
  output: z.object({}),
  status: 200,
  refusals: [],
  tool: false,
});

const input = (
  route: ReturnType<typeof routeOf>,
  ...args: Parameters<ReturnType<typeof routeOf>["input"]>
) => {
  try {
    return route.input(...args);
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test("a path parameter repeated in the body is accepted with the same value and refused with another", () => {
  const route = routeOf(
    spec("POST", "/v1/a/{id}/{n}", z.strictObject({ id: z.string(), n: z.int(), x: z.int() })),
    10,
  );
  const path = { id: "one", n: "2" };
  expect(input(route, path, "", '{"x":1}')).toEqual({ id: "one", n: 2, x: 1 });
  expect(input(route, path, "", '{"id":"one","n":2,"x":1}')).toEqual({ id: "one", n: 2, x: 1 });
  expect(input(route, path, "", '{"id":"two","x":1}')).toBe("validation_failed");
  expect(input(route, path, "", '{"n":"2","x":1}')).toBe("validation_failed");
});

test("a write takes no query string, an empty body is an empty object, an array is refused", () => {
  const route = routeOf(spec("POST", "/v1/a", z.strictObject({})), 10);
  expect(input(route, {}, "", "")).toEqual({});
  expect(input(route, {}, "", " \n")).toEqual({});
  expect(input(route, {}, "x=1", "")).toBe("validation_failed");
  expect(input(route, {}, "", "[]")).toBe("validation_failed");
  expect(input(route, {}, "", "null")).toBe("validation_failed");
});

test("no source of input can reach a prototype", () => {
  const get = routeOf(spec("GET", "/v1/a", z.object({})), 10);
  const post = routeOf(spec("POST", "/v1/a", z.object({})), 10);
  expect(input(get, {}, "__proto__=1", "")).toBe("validation_failed");
  expect(input(get, {}, "constructor=1", "")).toEqual({ constructor: "1" });
  expect(input(post, {}, "", '{"__proto__":{"a":1}}')).toBe("invalid_json");
});

test("a literal segment goes before a parameter, and a parameter before the rest of the path", () => {
  const any = z.object({ id: z.string(), rest: z.string() });
  const paths = ["/v1/{rest*}", "/v1/a/{id}", "/v1/{id}/b", "/v1/a/b", "/v1/a"];
  const sorted = bySpecificity(paths.map((path) => spec("GET", path, any)));
  expect(sorted.map(({ path }) => path)).toEqual([
    "/v1/a",
    "/v1/a/b",
    "/v1/a/{id}",
    "/v1/{id}/b",
    "/v1/{rest*}",
  ]);
});

test("wrong declarations fail at start", () => {
  const one = z.object({ id: z.string(), other: z.string() });
  expect(() =>
    bySpecificity([spec("GET", "/a/{id}", one), spec("GET", "/a/{other}", one)]),
  ).toThrow(/same route/);
  expect(() => routeOf(spec("GET", "/a/{missing}", one), 10)).toThrow(/not an input/);
  expect(() => routeOf(spec("GET", "/a/{id}.json", one), 10)).toThrow(/not supported/);
  expect(pathNames("/a/{id}/b/{rest*}")).toEqual(["id", "rest"]);
});

test("every refusal code has an error status", () => {
  for (const code of refusalCodes) expect(refusalStatus[code]).toBeGreaterThanOrEqual(400);
});

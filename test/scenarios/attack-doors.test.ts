/** Attacks on the HTTP door with bytes: odd JSON at every place that takes JSON, smuggled requests, line ends in every field that becomes a header, names that are not ours. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pathNames } from "../../src/http/route.ts";
import { allOperations } from "../../src/operations/all.ts";
import { ownerKeys } from "./owner-keys.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
/** Keys that together open every operation. */
let writer: string;
let overseer: string;

beforeAll(async () => {
  running = await run({ MULTIMAIL_SIGNUP: "open" });
  node = await secondNode(running);
  const { make } = await ownerKeys(node);
  writer = (await make(["read", "send", "admin", "audit"])).secret;
  overseer = (await make(["read", "oversight", "admin", "audit"])).secret;
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

type Door = { path: string; method: string; key: string | null };

/** Every place that reads JSON. */
function jsonDoors(): Door[] {
  const operations = allOperations
    .filter(({ method, form }) => method !== "GET" && form !== true)
    .map((spec) => ({
      path: pathNames(spec.path).reduce(
        (path, name) =>
          path.replace(
            new RegExp(`\\{${name}\\*?\\}`),
            name === "mailbox_id" ? running.known.mailbox_id : "01M7ZS0169E2YSDZYPK9FQJ4Z9",
          ),
        spec.path,
      ),
      method: spec.method,
      key: spec.access === "public" ? null : spec.access === "oversight" ? overseer : writer,
    }));
  return [
    ...operations,
    { path: "/mcp", method: "POST", key: writer },
    { path: "/oauth/register", method: "POST", key: null },
  ];
}

async function send(
  { path, method, key }: Door,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(running.known.url + path, {
    method,
    redirect: "manual",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: typeof body === "string" ? body : new Uint8Array(body),
  });
  return { status: response.status, text: await response.text() };
}

const deep = 100_000;
/** What no door may read as anything, and none may fall over. */
const odd: [string, string | Buffer][] = [
  ["arrays nested deeply", "[".repeat(deep) + "]".repeat(deep)],
  ["arrays nested deeply and left open", "[".repeat(deep)],
  ["objects nested deeply", '{"a":'.repeat(deep) + "1" + "}".repeat(deep)],
  ["a field nested deeply", `{"to":${"[".repeat(deep)}${"]".repeat(deep)}}`],
  ["a member twice", '{"name":"a","name":"b"}'],
  ["a member twice, once in escapes", String.raw`{"name":"a","n\u0061me":"b"}`],
  ["a member twice, within", '{"a":{"b":1,"b":2}}'],
  ["a prototype", '{"__proto__":{"admin":true}}'],
  ["a prototype in escapes", String.raw`{"\u005f_proto__":{"admin":true}}`],
  ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])],
  ["an overlong slash", Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
  ["a surrogate in UTF-8", Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
  ["UTF-16", Buffer.from('{"a":1}', "utf16le")],
  ["a comment", '{"a":1 /* b */}'],
  ["a comma too many", '{"a":1,}'],
  ["no number", '{"a":NaN}'],
  ["two documents", '{"a":1}{"a":1}'],
  ["a NUL behind", '{"a":1}\0'],
  [
    "a hundred thousand members",
    `{${Array.from({ length: deep }, (_, i) => `"a${i}":[]`).join()}}`,
  ],
  ["a word", '"x"'],
  ["an array", "[]"],
  ["null", "null"],
];

describe("JSON", () => {
  test.each(odd)(
    "%s is refused at every door, in the caller's words, and soon",
    async (_, body) => {
      const wrong: string[] = [];
      const doors = jsonDoors();
      expect(doors.length).toBeGreaterThan(60);
      for (const door of doors) {
        const begun = performance.now();
        const { status, text } = await send(door, body);
        const took = performance.now() - begun;
        if (status < 400 || status >= 500)
          wrong.push(`${door.path}: ${status} ${text.slice(0, 100)}`);
        if (took > 5000) wrong.push(`${door.path} took ${took} ms`);
      }
      expect(wrong).toEqual([]);
    },
  );

  test("numbers beyond all measure are no numbers that anything is counted by", async () => {
    const numbers = [
      "1e999",
      "-1e999",
      "1".repeat(400),
      "9007199254740993",
      "-0",
      "1.5",
      "0.1e-400",
    ];
    const wrong: string[] = [];
    for (const spec of allOperations.filter(
      ({ method, form }) => method !== "GET" && form !== true,
    ))
      for (const [name, schema] of Object.entries(spec.input.shape)) {
        if (pathNames(spec.path).includes(name)) continue;
        if (!["int", "number"].includes(typeOf(schema))) continue;
        const door = jsonDoors().find(
          (one) => one.method === spec.method && matches(spec.path, one.path),
        );
        if (!door) throw new Error(spec.path);
        for (const number of numbers) {
          const { status, text } = await send(door, `{"${name}":${number}}`);
          if (status >= 500) wrong.push(`${door.path} ${name}=${number}: ${status} ${text}`);
        }
      }
    expect(wrong).toEqual([]);
  });

  test("a mark of byte order before it is taken off or refused, never half read", async () => {
    for (const door of jsonDoors().slice(0, 20)) {
      const { status } = await send(door, "\uFEFF{}");
      expect([door.path, status < 500]).toEqual([door.path, true]);
    }
  });
});

/** The innermost kind of a zod schema. */
function typeOf(schema: unknown): string {
  // oxlint-disable-next-line typescript/no-explicit-any
  let at = schema as any;
  while (at?.def?.innerType) at = at.def.innerType;
  return String(at?.def?.type);
}

function matches(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replaceAll(/\{\w+\*?\}/g, "[^/]+")}$`).test(path);
}

/** Sends bytes as they are; answers all that comes until the other side ends, or says nothing for two seconds. */
function raw(bytes: string | Buffer, wait = 2000): Promise<string> {
  const { hostname, port } = new URL(running.known.url);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    socket.setEncoding("latin1");
    socket.setTimeout(wait, () => socket.destroy());
    socket.on("data", (chunk: string) => (text += chunk));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" || error.code === "EPIPE" ? resolve(text) : reject(error),
    );
    socket.on("close", () => resolve(text));
  });
}

const statuses = (answer: string): number[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

describe("requests in requests", () => {
  const head =
    "POST /v1/signup/confirm HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  const inner = "GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";

  test.each([
    [
      "length and chunks",
      `${head}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    ],
    [
      "chunks and length",
      `${head}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n${inner}`,
    ],
    ["two lengths", `${head}Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}${inner}`],
    ["a list of lengths", `${head}Content-Length: 2, 2\r\n\r\n{}${inner}`],
    ["a signed length", `${head}Content-Length: +2\r\n\r\n{}${inner}`],
    ["a hexadecimal length", `${head}Content-Length: 0x2\r\n\r\n{}${inner}`],
    [
      "a coding beside chunks",
      `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${inner}`,
    ],
    ["an unknown coding", `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`],
    ["a space before the colon", `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${inner}`],
    [
      "a folded header",
      `${head}X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}${inner}`.replace(
        "X: y\r\n ",
        "X\r\n : y\r\n",
      ),
    ],
    [
      "a bare line feed in the head",
      `${head}X: a\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}${inner}`,
    ],
    [
      "a bare carriage return in the head",
      `${head}X: a\rTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}${inner}`,
    ],
    ["a NUL in the head", `${head}X: a\0b\r\nContent-Length: 2\r\n\r\n{}${inner}`],
    [
      "a chunk size that is none",
      `${head}Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n${inner}`,
    ],
    [
      "a chunk size beyond measure",
      `${head}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n${inner}`,
    ],
    ["a chunk with another end", `${head}Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n${inner}`],
  ])("%s: what stands behind is no request, and the connection ends", async (_, bytes) => {
    const answer = await raw(bytes);
    expect(answer).not.toContain('"openapi"');
    const got = statuses(answer);
    expect(got.length).toBeLessThanOrEqual(1);
    expect(got[0] ?? 400).toBe(400);
  });

  test("extensions of chunks are bounded, and so are trailers", async () => {
    const extended = `${head}Transfer-Encoding: chunked\r\n\r\n2;${"a".repeat(200_000)}\r\n{}\r\n0\r\n\r\n`;
    expect(statuses(await raw(extended))[0] ?? 413).toBeGreaterThanOrEqual(400);
    const trailed = `${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nAuthorization: Bearer ${writer}\r\nX: ${"a".repeat(200_000)}\r\n\r\n`;
    expect(statuses(await raw(trailed))[0] ?? 400).toBeGreaterThanOrEqual(400);
  });

  test("a credential in a trailer is none", async () => {
    const asked = `POST /v1/contacts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n2\r\n{}\r\n0\r\nAuthorization: Bearer ${writer}\r\n\r\n`;
    expect(statuses(await raw(asked))).toEqual([401]);
  });

  test("requests in a row on one connection are answered in their order, each by its own credential", async () => {
    const one = (key: string | null): string =>
      `GET /v1/account HTTP/1.1\r\nHost: localhost\r\n${key === null ? "" : `Authorization: Bearer ${key}\r\n`}\r\n`;
    const row = [writer, null, writer, "mm_live_wrong", null, writer];
    const last = one(writer).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    const answer = await raw([...row.slice(0, -1).map(one), last].join(""));
    expect(statuses(answer)).toEqual([200, 401, 200, 401, 401, 200]);
  });

  test("a head beyond all measure is refused, and many headers too", async () => {
    for (const more of [
      `X: ${"a".repeat(100_000)}\r\n`,
      Array.from({ length: 20_000 }, (_, i) => `X-${i}: a\r\n`).join(""),
      `Cookie: ${"a=b; ".repeat(40_000)}\r\n`,
    ]) {
      const got = statuses(await raw(`GET /v1/account HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`));
      expect([400, 431]).toContain(got[0] ?? 431);
    }
    const long = `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    expect([400, 414, 431]).toContain(statuses(await raw(long))[0] ?? 431);
  });

  test("two names of a host are none, and two credentials neither", async () => {
    expect(
      statuses(
        await raw("GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"),
      )[0],
    ).toBe(400);
    const twice = `GET /v1/account HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${writer}\r\nAuthorization: Bearer mm_live_wrong\r\n\r\n`;
    expect(statuses(await raw(twice))).toEqual([401]);
    const both = `GET /v1/account HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${writer}\r\nX-API-Key: mm_live_wrong\r\n\r\n`;
    expect(statuses(await raw(both))).toEqual([401]);
  });

  test("no header makes another method or another address of a request", async () => {
    const contact = await running.call(writer, "/v1/contacts", { email: "kept@example.com" });
    const path = `/v1/contacts/${contact.body.id}`;
    for (const name of [
      "x-http-method-override",
      "x-http-method",
      "x-method-override",
      "x-original-url",
      "x-rewrite-url",
    ]) {
      const value = name.endsWith("url") ? "/v1/account" : "DELETE";
      const answer = await running.call(writer, path, undefined, { headers: { [name]: value } });
      expect([name, answer.status, answer.body.email]).toEqual([name, 200, "kept@example.com"]);
    }
    expect((await running.call(writer, `${path}?_method=DELETE`)).status).toBe(400);
    expect((await running.call(writer, path)).status).toBe(200);
  });
});

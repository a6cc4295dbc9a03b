/** The HTTP door over a real listening server: routes, input, credentials, errors, headers. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startSample } from "./sample-door.ts";

let sample: Awaited<ReturnType<typeof startSample>>;
beforeAll(async () => {
  sample = await startSample();
});
afterAll(() => sample.close());
beforeEach(() => {
  sample.seen.length = 0;
  sample.logged.length = 0;
});

const auth = { authorization: "Bearer mm_test_all" };
const jsonHeaders = { ...auth, "content-type": "application/json" };
const mail = { to: ["ann@example.com"], subject: "Hi", markdown: "Text" };

async function call(path: string, init: RequestInit = {}) {
  const response = await fetch(sample.url + path, { redirect: "manual", ...init });
  const text = await response.text();
  const body = (() => {
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch {
      return {};
    }
  })();
  return { status: response.status, headers: response.headers, text, body };
}

const post = (path: string, body: unknown, headers: Record<string, string> = jsonHeaders) =>
  call(path, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

const sendPath = "/v1/mailboxes/box/send";

test("a write takes path and body as one flat input and answers with the operation's status", async () => {
  const answer = await post(sendPath, mail, { ...jsonHeaders, "idempotency-key": "once" });
  expect(answer.status).toBe(202);
  expect(answer.body).toEqual({ id: "01J0000000000000000000000A", status: "queued" });
  expect(sample.seen).toEqual([
    {
      name: "send_email",
      input: { mailbox_id: "box", ...mail, priority: 3 },
      idempotency_key: "once",
      actor: "mm_test_all",
    },
  ]);
  expect((await post(sendPath, { ...mail, subject: "again" })).status).toBe(200);
});

test("a read takes its input from the query, typed by the schema", async () => {
  const answer = await call(
    "/v1/mailboxes/b%2Fx/emails?limit=5&unread=true&status=sent,queued&tag=a%2Cb&q=1",
    { headers: auth },
  );
  expect(answer.status).toBe(200);
  expect(sample.seen[0]?.input).toEqual({
    mailbox_id: "b/x",
    limit: 5,
    unread: true,
    status: ["sent", "queued"],
    tag: ["a,b"],
    q: "1",
  });
  for (const wrong of [
    "limit=five",
    "limit=1&limit=2",
    "unread=yes",
    "status=lost",
    "other=1",
    "q=%zz",
    "__proto__=1",
  ]) {
    const refused = await call(`/v1/mailboxes/box/emails?${wrong}`, { headers: auth });
    expect([wrong, refused.status, refused.body["code"]]).toEqual([
      wrong,
      400,
      "validation_failed",
    ]);
  }
});

test("a literal path wins over a parameter, and a rest parameter takes slashes", async () => {
  expect((await call("/v1/mailboxes/box/emails/latest", { headers: auth })).body).toEqual({
    latest: true,
  });
  expect((await call("/v1/mailboxes/box/emails/other", { headers: auth })).body["id"]).toBe(
    "other",
  );
  expect((await call("/v1/files/a/b%20c/d")).text).toBe("bytes of a/b c/d");
});

test("every error has one form with code, request id, hint and field, and the id is in the header", async () => {
  const answer = await post(sendPath, { ...mail, subject: "conflict" });
  const id = answer.headers.get("x-request-id");
  expect(id).toMatch(/^request-\d+$/);
  expect(answer.status).toBe(403);
  expect(answer.body).toEqual({
    error: "This mailbox only reads.",
    code: "mode_forbids_send",
    request_id: id,
    hint: "Ask for an upgrade.",
    field: "mailbox_id",
  });
  const limited = await post(sendPath, { ...mail, subject: "slow down" });
  expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "2"]);
  const unknown = await post(sendPath, { ...mail, bcc: ["x@example.com"] });
  expect([unknown.status, unknown.body["field"]]).toEqual([400, "bcc"]);
});

test("an unexpected error is logged with its cause and answered without detail", async () => {
  const answer = await post(sendPath, { ...mail, subject: "bug" });
  expect([answer.status, answer.body["code"]]).toEqual([500, "internal"]);
  expect(answer.text).not.toContain("secret");
  expect(sample.logged).toHaveLength(1);
  expect(sample.logged[0]).toMatchObject({
    level: "error",
    fields: { operation: "send_email", request_id: answer.body["request_id"] },
  });
  const { err } = sample.logged.at(0)!.fields as { err: Error };
  expect((err.cause as Error).message).toBe("deep");
  const page = await call("/broken");
  expect([page.status, page.body["code"], page.text.includes("secret")]).toEqual([
    500,
    "internal",
    false,
  ]);
});

test("a missing, unknown, malformed or contradictory credential is 401 with the metadata challenge", async () => {
  const url = "/v1/mailboxes/box/emails";
  for (const headers of [
    {},
    { authorization: "Bearer mm_test_unknown" },
    { authorization: "Basic YTpi" },
    { authorization: "Bearer mm_test_all", "x-api-key": "mm_test_agent" },
  ] as Record<string, string>[]) {
    const answer = await call(url, { headers });
    expect([answer.status, answer.body["code"]]).toEqual([401, "unauthenticated"]);
    // What came and is no good is told from nothing at all (RFC 6750 section 3.1).
    const error = Object.keys(headers).length === 0 ? "" : ', error="invalid_token"';
    expect(answer.headers.get("www-authenticate")).toBe(
      `Bearer resource_metadata="https://mail.example.com/.well-known/oauth-protected-resource"${error}`,
    );
  }
  expect((await call(url, { headers: { "x-api-key": "mm_test_agent" } })).status).toBe(200);
  expect((await call(url, { headers: { ...auth, "x-api-key": "mm_test_all" } })).status).toBe(200);
  expect(
    (await post(sendPath, mail, { ...jsonHeaders, authorization: "Bearer mm_test_admin" })).body[
      "code"
    ],
  ).toBe("scope_required");
});

test("a public call refuses a bad credential, except where monitors look", async () => {
  const bad = { headers: { authorization: "Bearer nonsense" } };
  expect((await call("/v1/files/a", bad)).status).toBe(401);
  expect((await call("/v1/files/a")).status).toBe(200);
  expect((await call("/health", bad)).status).toBe(200);
});

test("an empty body with Content-Type: application/json counts as an empty object", async () => {
  const answer = await call("/v1/webhooks", { method: "POST", headers: jsonHeaders });
  expect([answer.status, answer.body["field"]]).toEqual([400, "url"]);
  const spaces = await post("/v1/webhooks", " \n");
  expect([spaces.status, spaces.body["field"]]).toEqual([400, "url"]);
});

test("a body that is not JSON by its type is 415, by its text 400", async () => {
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin1",
    "multipart/form-data; boundary=x",
  ])
    expect((await post(sendPath, mail, { ...auth, "content-type": type })).body["code"]).toBe(
      "unsupported_media_type",
    );
  expect((await post(sendPath, mail, { ...jsonHeaders, "content-encoding": "gzip" })).status).toBe(
    415,
  );
  expect(
    (await post(sendPath, mail, { ...auth, "content-type": "application/json; charset=UTF-8" }))
      .status,
  ).toBe(202);
  const deep = `{"a":${"[".repeat(65)}${"]".repeat(65)}}`;
  for (const text of [
    "{",
    "{'a':1}",
    deep,
    '{"to":[],"to":[]}',
    '{"__proto__":{"to":["x"]}}',
    '{"metadata":{"__proto__":"x"}}',
  ])
    expect((await post(sendPath, text)).body["code"]).toBe("invalid_json");
  const notUtf8 = await call(sendPath, {
    method: "POST",
    headers: jsonHeaders,
    body: Buffer.from(JSON.stringify({ ...mail, subject: "\u00ff" }), "latin1"),
  });
  expect(notUtf8.body["code"]).toBe("invalid_json");
  expect((await post(sendPath, "[]")).body["code"]).toBe("validation_failed");
});

test("a path parameter repeated in the body with another value is refused", async () => {
  expect((await post(sendPath, { ...mail, mailbox_id: "box" })).status).toBe(202);
  const answer = await post(sendPath, { ...mail, mailbox_id: "other" });
  expect([answer.status, answer.body["field"]]).toEqual([400, "mailbox_id"]);
  expect((await post(`${sendPath}?urgent=true`, mail)).body["field"]).toBe("urgent");
});

test("a DELETE takes its input from the query or from a JSON body", async () => {
  for (const init of [
    { headers: auth },
    { headers: jsonHeaders },
    { headers: jsonHeaders, body: '{"code":"A7X"}' },
  ])
    expect((await call("/v1/mailboxes/box", { method: "DELETE", ...init })).status).toBe(200);
  await call("/v1/mailboxes/box?code=A7X", { method: "DELETE", headers: auth });
  expect(sample.seen.map(({ input }) => input)).toEqual([
    { mailbox_id: "box" },
    { mailbox_id: "box" },
    { mailbox_id: "box", code: "A7X" },
    { mailbox_id: "box", code: "A7X" },
  ]);
});

test("an empty or unprintable Idempotency-Key is refused", async () => {
  for (const key of ["", "\u00e9", "x".repeat(256)])
    expect(
      (await post(sendPath, mail, { ...jsonHeaders, "idempotency-key": key })).body["code"],
    ).toBe("invalid_idempotency_key");
  expect(sample.seen).toEqual([]);
});

test("unknown addresses are 404 and wrong methods 405 with Allow, in the same form", async () => {
  const missing = await call("/v1/nothing");
  expect([missing.status, missing.body["code"]]).toEqual([404, "not_found"]);
  expect(missing.body["request_id"]).toBe(missing.headers.get("x-request-id"));
  const wrong = await call("/v1/mailboxes/box", { method: "PATCH" });
  expect([wrong.status, wrong.body["code"], wrong.headers.get("allow")]).toEqual([
    405,
    "method_not_allowed",
    "DELETE",
  ]);
  const read = await call("/v1/mailboxes/box/emails", { method: "POST" });
  expect([read.status, read.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  const page = await call("/page", { method: "DELETE" });
  expect([page.status, page.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});

test("HEAD answers like GET without a body", async () => {
  const get = await call("/v1/mailboxes/box/emails", { headers: auth });
  const head = await call("/v1/mailboxes/box/emails", { method: "HEAD", headers: auth });
  expect([head.status, head.text]).toEqual([200, ""]);
  expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
  expect((await call("/v1/mailboxes/box/emails", { method: "HEAD" })).status).toBe(401);
  expect((await call("/page", { method: "HEAD" })).status).toBe(200);
});

test("bytes are sent with a safe type, a safe filename and caching only where they never change", async () => {
  const answer = await call("/v1/files/r%C3%A9sum%C3%A9%22.pdf");
  expect(answer.headers.get("content-type")).toBe("application/octet-stream");
  expect(answer.headers.get("x-evil")).toBeNull();
  expect(answer.headers.get("content-disposition")).toBe(
    "attachment; filename=\"r_sum__.pdf\"; filename*=UTF-8''r%C3%A9sum%C3%A9%22.pdf",
  );
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("content-security-policy")).toContain("sandbox");
  const kept = await call("/v1/files/a?kept=true");
  expect(kept.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(kept.headers.get("content-length")).toBe("10");
});

test("every answer carries the safety headers and an id, also errors and mounted pages", async () => {
  for (const [path, status] of [
    ["/health", 200],
    ["/v1/nothing", 404],
    ["/v1/mailboxes/box/emails", 401],
    ["/page", 200],
    ["/frozen", 302],
    ["/broken", 500],
  ] as const) {
    const { headers, status: found } = await call(path);
    expect([path, found]).toEqual([path, status]);
    expect(headers.get("x-request-id")).toMatch(/^request-/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
  }
  const { headers } = await call("/health");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  const page = await call("/page");
  expect(page.text).toBe(`<p>${page.headers.get("x-request-id")}</p>`);
});

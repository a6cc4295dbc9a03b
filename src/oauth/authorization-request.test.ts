/** Authorization requests: PKCE by S256 or nothing, nothing twice, and only resources of ours. */
import { expect, test } from "vitest";
import { isFor, readRequest, readResource, verifies } from "./authorization-request.ts";
import { OAuthError } from "./oauth-error.ts";

const here = "https://mail.example.com";
const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const good = { response_type: "code", code_challenge: challenge, code_challenge_method: "S256" };

function codeOf(work: () => unknown): string {
  try {
    work();
    return "done";
  } catch (error) {
    if (error instanceof OAuthError) return error.code;
    throw error;
  }
}

test.each([
  [{}, "done"],
  [{ response_type: "" }, "invalid_request"],
  [{ response_type: "token" }, "unsupported_response_type"],
  [{ response_type: "code id_token" }, "unsupported_response_type"],
  [{ response_mode: "fragment" }, "invalid_request"],
  [{ code_challenge: "" }, "invalid_request"],
  [{ code_challenge: "short" }, "invalid_request"],
  [{ code_challenge: `${challenge}=` }, "invalid_request"],
  [{ code_challenge_method: "plain" }, "invalid_request"],
  [{ code_challenge_method: "" }, "invalid_request"],
  [{ code_challenge_method: "s256" }, "invalid_request"],
  [{ scope: "openid profile" }, "invalid_scope"],
  [{ scope: "read openid" }, "done"],
  [{ resource: "https://evil.example/mcp" }, "invalid_target"],
  [{ request_uri: "https://evil.example" }, "invalid_request"],
  [{ state: "s".repeat(2001) }, "invalid_request"],
])("a request with %j is %s", (change, outcome) => {
  expect(codeOf(() => readRequest(new URLSearchParams({ ...good, ...change }), here))).toBe(
    outcome,
  );
});

test("a parameter that is there twice is refused", () => {
  for (const name of Object.keys(good)) {
    const query = new URLSearchParams(good);
    query.append(name, query.get(name) ?? "");
    expect([name, codeOf(() => readRequest(query, here))]).toEqual([name, "invalid_request"]);
  }
});

test("a resource is ours in one of two forms, or refused", () => {
  const of = (...values: string[]) =>
    readResource(
      new URLSearchParams(values.map((value): [string, string] => ["resource", value])),
      here,
    );
  expect(of()).toBeNull();
  expect([of(here), of(`${here}/`), of(`${here}/mcp`), of(`${here}/mcp/`)]).toEqual([
    here,
    here,
    `${here}/mcp`,
    `${here}/mcp`,
  ]);
  expect(of(`${here}/mcp`, here)).toBe(here);
  for (const other of [
    "http://mail.example.com/mcp",
    "https://mail.example.com.evil.example/mcp",
    "https://mail.example.com@evil.example/mcp",
    `${here}/v1`,
    `${here}/mcp?x=1`,
    `${here}/mcp#x`,
    "mcp",
  ])
    expect([other, codeOf(() => of(other))]).toEqual([other, "invalid_target"]);
  expect(codeOf(() => of(here, "https://evil.example"))).toBe("invalid_target");
});

test("a token is good at the doors that it is for", () => {
  expect(isFor(here, "api", here)).toBe(true);
  expect(isFor(here, "mcp", here)).toBe(true);
  expect(isFor(`${here}/mcp`, "mcp", here)).toBe(true);
  expect(isFor(`${here}/mcp`, "api", here)).toBe(false);
  expect(isFor("https://other.example", "api", here)).toBe(false);
});

test("the verifier of RFC 7636 appendix B fits its challenge, and no other does", () => {
  const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  expect(verifies(verifier, challenge)).toBe(true);
  expect(verifies(`${verifier.slice(0, -1)}l`, challenge)).toBe(false);
  // As `plain` would have it.
  expect(verifies(challenge, challenge)).toBe(false);
  expect(verifies("", challenge)).toBe(false);
  expect(verifies("x".repeat(129), challenge)).toBe(false);
});

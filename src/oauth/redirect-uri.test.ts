/** Redirect URIs: none that browsers would run or that leads to strangers, and none but the registered one. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formActionSource,
  redirectUriFault,
  redirectUriMatches,
  staysOnDevice,
  withParameters,
} from "./redirect-uri.ts";

describe("a redirect URI", () => {
  test.each([
    "https://claude.ai/api/mcp/auth_callback",
    "https://app.example:8443/cb?tenant=1",
    "http://127.0.0.1:33418/callback",
    "http://localhost/callback",
    "http://[::1]:9000/cb",
    "cursor://anysphere.cursor-retrieval/oauth/callback",
    "com.example.app:/oauth",
    "vscode://vendor.extension/cb",
  ])("%s may be registered", (uri) => {
    expect(redirectUriFault(uri)).toBeNull();
  });

  test.each([
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://a.example/1",
    "about:blank",
    "ftp://a.example/",
    "intent://x#Intent;end",
    "http://a.example/cb",
    "http://localhost.evil.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://localhost@evil.example/cb",
    "https://user@a.example/cb",
    "https://user:pass@a.example/cb",
    "https://a.example/cb#fragment",
    "https://a.example/cb#",
    "https://a.example\\@evil.example/cb",
    "https:a.example/cb",
    "https:/a.example/cb",
    "https://a.example/c b",
    "https://a.example/cb\r\nSet-Cookie: x=1",
    "https://a.example;evil/cb",
    "https://a.example,evil/cb",
    "https://*.example.com/cb",
    "//a.example/cb",
    "/cb",
    "",
    `https://a.example/${"x".repeat(2000)}`,
    "https://bücher.example/cb",
  ])("%j may not", (uri) => {
    expect(redirectUriFault(uri)).not.toBeNull();
  });

  test("of a request is the registered one to the letter", () => {
    const known = "https://a.example/cb?x=1";
    for (const other of [
      "https://a.example/cb",
      "https://a.example/cb?x=1&y=2",
      "https://a.example/cb/?x=1",
      "https://a.example/CB?x=1",
      "https://A.example/cb?x=1",
      "https://a.example:443/cb?x=1",
      "https://a.example.evil.example/cb?x=1",
      "https://a.example/cb/../evil?x=1",
      "https://a.example/cb%2f..?x=1",
      "http://a.example/cb?x=1",
    ])
      expect([other, redirectUriMatches(known, other)]).toEqual([other, false]);
    expect(redirectUriMatches(known, known)).toBe(true);
  });

  test("on this device may differ in its port, and in nothing else (RFC 8252 section 7.3)", () => {
    const known = "http://127.0.0.1/callback";
    expect(redirectUriMatches(known, "http://127.0.0.1:51004/callback")).toBe(true);
    expect(redirectUriMatches("http://localhost:1/cb", "http://localhost:2/cb")).toBe(true);
    for (const other of [
      "http://localhost:51004/callback",
      "http://127.0.0.1:51004/other",
      "http://127.0.0.1:51004/callback?x=1",
      "http://127.0.0.1:51004/callback?",
      "http://127.0.0.2:51004/callback",
      "https://127.0.0.1:51004/callback",
      "http://127.0.0.1:51004@evil.example/callback",
    ])
      expect([other, redirectUriMatches(known, other)]).toEqual([other, false]);
    expect(redirectUriMatches("https://a.example/cb", "https://a.example:8443/cb")).toBe(false);
  });

  test("gives the policy of a page one source, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withQueryParameters: true }), fc.string()), (uri) => {
        if (redirectUriFault(uri) !== null) return;
        expect(formActionSource(uri)).toMatch(/^[a-z][a-z0-9.+-]*:(?:\/\/[a-z0-9.:[\]-]+)?$/);
      }),
    );
  });

  test("gets its parameters behind those it has", () => {
    expect(withParameters("https://a.example/cb", { code: "a&b" })).toBe(
      "https://a.example/cb?code=a%26b",
    );
    expect(withParameters("https://a.example/cb?x=1", { code: "c" })).toBe(
      "https://a.example/cb?x=1&code=c",
    );
    expect(staysOnDevice("cursor://x/y")).toBe(true);
    expect(staysOnDevice("https://localhost/x")).toBe(false);
  });
});

/** Signing in and out: links that only a button uses up, and sessions that only the server names. */
import { describe, expect, test } from "vitest";
import { type Sample, samplePages } from "../../../test/browser/sample-pages.ts";
import { readSessionCookie, sessionCookie } from "./session-cookie.ts";

const origin = "http://localhost";
const redeem = (sample: Sample, token: string, headers: Record<string, string> = {}) =>
  sample.app.request(`${origin}/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin, ...headers },
    body: new URLSearchParams({ token }).toString(),
  });

describe("a sign-in link", () => {
  test("shows one button and signs nobody in, however often it is opened", async () => {
    const sample = samplePages();
    for (let i = 0; i < 3; i++) {
      const response = await sample.app.request(`${origin}/sign-in?token=link-1`);
      expect(response.status).toBe(200);
      expect(response.headers.get("set-cookie")).toBeNull();
      expect((await response.text()).match(/<button/g)).toHaveLength(1);
    }
    expect(sample.calls).toEqual([]);
    expect((await redeem(sample, "link-1")).status).toBe(303);
  });

  test("signs in once; the second time the page says how to get another", async () => {
    const sample = samplePages();
    const first = await redeem(sample, "link-1");
    expect(first.headers.get("location")).toBe("/");
    expect(first.headers.get("set-cookie")).toMatch(
      /^multimail_session=session-1; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
    );
    const second = await redeem(sample, "link-1");
    expect(second.status).toBe(410);
    expect(second.headers.get("set-cookie")).toBeNull();
    const text = await second.text();
    expect(text).toContain("npx multimail sign-in-link");
    expect(text).toContain("multimail sign-in-link");
  });

  test.each(["", "x".repeat(600)])("that is not complete asks nobody", async (token) => {
    const sample = samplePages();
    expect((await sample.app.request(`${origin}/sign-in?token=${token}`)).status).toBe(410);
    expect((await redeem(sample, token)).status).toBe(410);
    expect(sample.calls).toEqual([]);
  });

  test("cannot break out of the page", async () => {
    const token = encodeURIComponent(`"><script>alert(1)</script>`);
    const text = await (await samplePages().app.request(`${origin}/sign-in?token=${token}`)).text();
    expect(text).toContain("&quot;&gt;&lt;script&gt;");
    expect(text).not.toContain("<script");
  });

  test("from another site's form signs nobody in to an account that is not theirs", async () => {
    const sample = samplePages();
    expect((await redeem(sample, "link-1", { origin: "https://evil.example" })).status).toBe(403);
    expect(sample.links.has("link-1")).toBe(true);
  });
});

describe("a session", () => {
  test("is never one that the client brought along", async () => {
    const sample = samplePages();
    const cookie = "multimail_session=chosen-by-attacker";
    const response = await redeem(sample, "link-1", { cookie });
    expect(response.headers.get("set-cookie")).toContain("multimail_session=session-1;");
    expect((await sample.app.request(`${origin}/pending`, { headers: { cookie } })).status).toBe(
      401,
    );
    expect([...sample.sessions.keys()]).toEqual(["session-1"]);
  });

  test("that was there before ends when somebody signs in again", async () => {
    const sample = samplePages();
    const old = sample.signIn();
    const response = await redeem(sample, "link-1", { cookie: `multimail_session=${old}` });
    expect(response.headers.get("set-cookie")).toContain("multimail_session=session-2;");
    expect(sample.sessions.has(old)).toBe(false);
    expect(sample.sessions.size).toBe(1);
  });

  test("ends on the server and in the browser when the person signs out", async () => {
    const sample = samplePages();
    const token = sample.signIn();
    const response = await sample.app.request(`${origin}/sign-out`, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        origin,
        cookie: `multimail_session=${token}`,
      },
      body: `csrf_token=csrf-of-${token}`,
    });
    expect(response.status).toBe(303);
    expect(response.headers.get("set-cookie")).toContain("multimail_session=; Path=/; Max-Age=0");
    expect(sample.sessions.size).toBe(0);
  });
});

describe("the cookie", () => {
  test("is bound to this host and to https where there is https", async () => {
    const sample = samplePages({ secure_cookies: true, public_url: "https://mail.example" });
    const response = await sample.app.request("https://mail.example/sign-in", {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        origin: "https://mail.example",
      },
      body: "token=link-1",
    });
    expect(response.headers.get("set-cookie")).toMatch(
      /^__Host-multimail_session=session-1; Path=\/; .*; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  test.each([
    ["multimail_session=abc", "abc"],
    ["a=b; multimail_session=abc; c=d", "abc"],
    ["multimail_session=abc; multimail_session=def", null],
    ["xmultimail_session=abc", null],
    ["__Host-multimail_session=abc", null],
    ["multimail_session=", null],
    ["multimail_session", null],
    ["multimail_session=a b", null],
    [`multimail_session=${"a".repeat(300)}`, null],
  ])("%s is read as %s", (cookie, token) => {
    expect(readSessionCookie(new Headers({ cookie }), false)).toBe(token);
  });

  test("takes no token that would add an attribute or a header", () => {
    for (const token of ["a; Domain=evil", "a\r\nX: y", ""])
      expect(() => sessionCookie(token, "2026-11-22T00:00:00Z", true)).toThrow(
        "cannot be a cookie value",
      );
  });
});

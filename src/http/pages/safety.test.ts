/** What holds for all pages: who may send a form, what showing may not do, and what no content can do to a page. */
import { describe, expect, test } from "vitest";
import { type Sample, addCaught, samplePages } from "../../../test/browser/sample-pages.ts";
import { receivedSample } from "../../../test/browser/showcase.ts";
import { framePolicy } from "./mail-frame.ts";
import { pagePolicy } from "./layout.ts";

const origin = "http://localhost";

type Send = { cookie?: string | undefined; headers?: Record<string, string>; method?: string };

function get(sample: Sample, path: string, { cookie, headers = {}, method = "GET" }: Send = {}) {
  return sample.app.request(`${origin}${path}`, {
    method,
    headers: { ...(cookie ? { cookie: `multimail_session=${cookie}` } : {}), ...headers },
  });
}

function post(
  sample: Sample,
  path: string,
  form: Record<string, string>,
  { cookie, headers = { origin } }: Send = {},
) {
  return sample.app.request(`${origin}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      ...(cookie ? { cookie: `multimail_session=${cookie}` } : {}),
      ...headers,
    },
    body: new URLSearchParams(form).toString(),
  });
}

/** Every address that shows something, with what is there. */
function instance() {
  const sample = samplePages();
  const cookie = sample.signIn();
  const email = sample.addEmail();
  const received = receivedSample(sample, {
    status: "pending_inbound_approval",
    attachments: [{ filename: "a.html", content_type: "text/html", size_bytes: 9 }],
  });
  const caught = addCaught(sample, "Subject: x\r\n\r\nbody");
  const shown = [
    "/",
    "/pending",
    "/sign-in?token=link-1",
    `/messages/${email.id}`,
    `/messages/${email.id}/html`,
    `/messages/${email.id}/raw`,
    `/messages/${email.id}/proof`,
    `/pending?decided=${email.id}`,
    "/received",
    "/received?status=pending_inbound_approval",
    `/messages/${received.id}`,
    `/messages/${received.id}/html`,
    `/messages/${received.id}/raw`,
    `/messages/${received.id}/attachments/0`,
    "/mailboxes",
    `/mailboxes/${sample.mailbox.id}`,
    "/people",
    "/join?token=x",
    "/catcher",
    `/catcher/${caught}`,
    `/catcher/${caught}/html`,
    `/catcher/${caught}/raw`,
    "/assets/pages.css",
  ];
  const changing = [
    "/sign-out",
    `/messages/${received.id}/care`,
    `/messages/${email.id}/decide`,
    `/mailboxes/${sample.mailbox.id}`,
    "/people",
    `/people/${email.id}`,
    `/account/passkeys/${email.id}`,
    `/account/sessions/${email.id}`,
    "/account/sessions",
  ];
  /** Those that need a script. */
  const scripted = ["/sign-in", "/account", "/step-up?next=/people"];
  return { sample, cookie, email, shown, changing, scripted };
}

describe("a GET or HEAD", () => {
  test.each(["GET", "HEAD"])("by %s changes nothing, at no address", async (method) => {
    const { sample, cookie, shown, scripted } = instance();
    for (const path of [...shown, ...scripted])
      expect({ path, status: (await get(sample, path, { cookie, method })).status }).toEqual({
        path,
        status: 200,
      });
    expect(sample.calls.length).toBeGreaterThan(5);
    expect(sample.calls.filter((call) => call.effect !== "read")).toEqual([]);
    expect(sample.links.has("link-1")).toBe(true);
    expect(sample.sessions.size).toBe(1);
  });

  test.each(["GET", "HEAD"])("by %s does not reach what only a form may do", async (method) => {
    const { sample, cookie, email } = instance();
    for (const path of [
      `/messages/${email.id}/decide?decision=approve`,
      `/messages/${email.id}/care?care=release`,
      "/sign-out",
    ])
      expect({ path, status: (await get(sample, path, { cookie, method })).status }).toEqual({
        path,
        status: 405,
      });
    expect(sample.calls).toEqual([]);
  });

  test("shows nothing of mail to somebody who is not signed in, and says how to sign in", async () => {
    const { sample, shown } = instance();
    for (const path of shown.filter((one) => !/^\/($|sign-in|join|assets)/.test(one))) {
      const response = await get(sample, path);
      expect({ path, status: response.status }).toEqual({ path, status: 401 });
      expect(response.headers.get("www-authenticate")).toContain("Bearer");
      expect(await response.text()).toContain("npx multimail sign-in-link");
    }
    expect(await (await get(sample, "/")).text()).toContain("npx multimail sign-in-link");
    expect(sample.calls).toEqual([]);
  });
});

describe("a form", () => {
  const forms = () => {
    const made = instance();
    const fields = {
      decision: "approve",
      digest: made.email.digest,
      care: "release",
      act: "change",
      oversight_mode: "read_only",
      was_oversight_mode: "gated_send",
    };
    return { ...made, fields };
  };
  const own = (cookie: string) => ({ csrf_token: `csrf-of-${cookie}` });

  test("with the session's token from our own page is accepted", async () => {
    const { sample, cookie, changing, fields } = forms();
    for (const path of changing.toReversed())
      expect({
        path,
        status: (await post(sample, path, { ...fields, ...own(cookie) }, { cookie })).status,
      }).toEqual({ path, status: 303 });
    expect(sample.calls.filter((call) => call.effect !== "read").map((call) => call.name)).toEqual([
      "revoke_sessions",
      "revoke_session",
      "rename_sign_in_passkey",
      "update_member",
      "invite_member",
      "update_mailbox",
      "decide_email",
      "release_email",
      "end",
    ]);
  });

  test.each([
    ["without a token", {}, { origin }],
    ["with a wrong token", { csrf_token: "csrf-of-session-2" }, { origin }],
    ["with an empty token", { csrf_token: "" }, { origin }],
    ["from another origin", own("session-1"), { origin: "https://evil.example" }],
    ["from a hidden origin", own("session-1"), { origin: "null" }],
    ["from another site", own("session-1"), { "sec-fetch-site": "cross-site", origin }],
    ["from a sister site", own("session-1"), { "sec-fetch-site": "same-site" }],
  ])("%s is refused with csrf_failed and changes nothing", async (_, token, headers) => {
    const { sample, cookie, changing, fields } = forms();
    for (const path of changing) {
      const response = await post(sample, path, { ...fields, ...token }, { cookie, headers });
      expect({ path, status: response.status }).toEqual({ path, status: 403 });
      expect(await response.text()).toContain("The form was not accepted");
    }
    expect(sample.calls).toEqual([]);
  });

  test("gives back what was typed when the session has ended, but not what another site put in", async () => {
    const { sample, email, fields } = forms();
    const path = `/messages/${email.id}/decide`;
    const ended = await post(sample, path, { ...fields, reason: "Ask Ada first" });
    expect(ended.status).toBe(401);
    expect(await ended.text()).toContain("Ask Ada first");
    const foreign = await post(
      sample,
      path,
      { ...fields, reason: "Call +1 555" },
      { headers: { origin: "https://evil.example" } },
    );
    expect(await foreign.text()).not.toContain("+1 555");
  });

  test("that is too large, no form, or no text is refused", async () => {
    const { sample, cookie, email, fields } = forms();
    const path = `/messages/${email.id}/decide`;
    expect(
      (
        await post(
          sample,
          path,
          { ...fields, ...own(cookie), reason: "x".repeat(70_000) },
          { cookie },
        )
      ).status,
    ).toBe(413);
    const json = { "content-type": "application/json", origin };
    expect((await post(sample, path, fields, { cookie, headers: json })).status).toBe(415);
    const bytes = await sample.app.request(`${origin}${path}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", origin },
      body: new Uint8Array([0xff, 0xfe]),
    });
    expect(bytes.status).toBe(400);
    expect(sample.calls).toEqual([]);
  });
});

describe("every page", () => {
  test("carries the strict policy and is neither stored, sniffed nor framed", async () => {
    const { sample, cookie, shown } = instance();
    for (const path of shown.filter((one) => !/(html|raw|proof|css|attachments\/0)$/.test(one))) {
      const { headers } = await get(sample, path, { cookie });
      expect({ path, policy: headers.get("content-security-policy") }).toEqual({
        path,
        policy: pagePolicy,
      });
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("x-request-id")).toMatch(/^\w{26}$/);
    }
    expect(pagePolicy).not.toMatch(/script|unsafe|\*/);
  });

  test("has no script, no handler, no inline style, and says its language", async () => {
    const { sample, cookie, shown } = instance();
    for (const path of shown.filter((one) => !/(html|raw|proof|css|attachments\/0)$/.test(one))) {
      const text = await (await get(sample, path, { cookie })).text();
      expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
      expect(text).not.toMatch(/<script|<[^>]+ on\w+=|<[^>]+ style=|javascript:/i);
      expect(text.match(/<h1[ >]/g)).toHaveLength(1);
    }
  });

  test("with a script runs that one of ours and nothing else", async () => {
    const { sample, cookie, scripted } = instance();
    for (const path of scripted) {
      const response = await get(sample, path, { cookie });
      const text = await response.text();
      expect(text.match(/<script[^>]*>/g)).toEqual([
        expect.stringMatching(/^<script type="module" src="\/assets\/sign-in\.js\?v=\w{12}">$/),
      ]);
      expect(text).not.toMatch(/<[^>]+ on\w+=|<[^>]+ style=|javascript:/i);
      expect(response.headers.get("content-security-policy")).toBe(
        `${pagePolicy}; script-src localhost/assets/; connect-src 'self'`,
      );
    }
    const script = await get(sample, "/assets/sign-in.js");
    expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(script.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("mail as HTML can run and load nothing, wherever it is opened", async () => {
    const { sample, cookie, shown } = instance();
    for (const path of shown.filter((one) => one.endsWith("/html"))) {
      const { headers } = await get(sample, path, { cookie });
      expect(headers.get("content-security-policy")).toBe(framePolicy);
      expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
    }
    expect(framePolicy).toMatch(
      /^default-src 'none'; style-src 'unsafe-inline'; img-src data:;.* sandbox$/,
    );
  });

  test("raw mail and evidence are files, never shown", async () => {
    const { sample, cookie, shown } = instance();
    for (const path of shown.filter((one) => /(raw|proof|attachments\/0)$/.test(one))) {
      const { headers } = await get(sample, path, { cookie });
      expect(headers.get("content-disposition")).toMatch(/^attachment; filename="[\w.-]+"/);
      expect(headers.get("content-security-policy")).toContain("sandbox");
    }
  });

  test("a broken operation gives a page without its cause, and the cause in the log", async () => {
    const { sample, cookie, email } = instance();
    sample.emails.splice(0, 1, { ...email, status: "nonsense" as never });
    const response = await get(sample, "/pending?decided=" + email.id, { cookie });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("nonsense");
    expect(sample.logged).toEqual(["page failed"]);
  });

  test("no parameter sends the browser to another site", async () => {
    const { sample, cookie, email } = instance();
    const to = {
      next: "//evil.example",
      return_to: "https://evil.example",
      redirect: "//evil.example",
    };
    const query = `?${new URLSearchParams(to).toString()}`;
    const signIn = await post(sample, `/sign-in${query}`, { token: "link-1", ...to });
    expect(signIn.headers.get("location")).toBe("/");
    const token = { csrf_token: `csrf-of-${cookie}` };
    const decide = { ...token, ...to, decision: "reject", digest: email.digest };
    const decided = await post(sample, `/messages/${email.id}/decide${query}`, decide, { cookie });
    expect(decided.headers.get("location")).toBe(`/pending?decided=${email.id}`);
    const signOut = await post(sample, `/sign-out${query}`, { ...token, ...to }, { cookie });
    expect(signOut.headers.get("location")).toBe("/");
  });
});

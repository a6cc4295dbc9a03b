/** Attacks on every page that is mounted: forms from elsewhere, sessions that were planted, frames, scripts, and ways that lead to other sites. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mailTo } from "./approvals.ts";
import { codeIn } from "./members.ts";
import { mountedRoutes } from "./mounted-routes.ts";
import { keepReceived } from "./received-mail.ts";
import { type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
/** Of two sessions of the owner. */
let cookie: string;
let secondCookie: string;
let others: string;
let ids: string[];

beforeAll(async () => {
  running = await run({ MULTIMAIL_SIGNUP: "open" });
  node = await secondNode(running);
  cookie = await signIn(running);
  secondCookie = await signInAgain();
  others = await csrfOf(secondCookie);
  const { mailbox_id } = running.known;
  const waiting = (await running.send()).body.id;
  const html = Buffer.from("<p onclick=x>hello</p>");
  const received = await keepReceived(node, mailbox_id, {
    attachments: [{ filename: "a.html", content_type: "text/html", content: html }],
  });
  ids = [waiting, received, mailbox_id];
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

async function signInAgain(carried = ""): Promise<string> {
  const link = new URL(await node.engine.mintSignInLink(node.operator_id));
  const token = link.searchParams.get("token") ?? "";
  const answer = await post("/sign-in", { token }, { cookie: carried });
  expect(answer.status).toBe(303);
  return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

async function csrfOf(of: string): Promise<string> {
  const page = await fetch(`${running.known.url}/account`, { headers: { cookie: of } });
  return /name="csrf_token" value="([^"]+)"/.exec(await page.text())?.[1] ?? "";
}

function post(
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(running.known.url + path, {
    method: "POST",
    redirect: "manual",
    headers: { origin: running.known.url, ...headers },
    body: new URLSearchParams(fields),
  });
}

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(running.known.url + path, { redirect: "manual", headers });

/** The addresses that a route's pattern stands for here: with each id that there is. */
function addresses(pattern: string): string[] {
  if (!pattern.includes(":")) return [pattern];
  return ids.map((id) =>
    pattern.replaceAll(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => (name === "index" ? "0" : id)),
  );
}

/** What is called by programs without cookies: the CSRF of a browser has nothing to ride on. */
const byPrograms = new Set(["/mcp", "/oauth/token", "/oauth/revoke", "/oauth/register"]);
/** Forms for who is not signed in yet: there is no session that another site could use, only where they come from is asked. */
const forAnybody = new Set([
  "/sign-in",
  "/sign-in/code",
  "/sign-in/redeem",
  "/sign-in/passkey/options",
  "/sign-in/passkey",
  "/join",
  "/signup",
  "/signup/confirm",
  "/approve/:token",
]);

const forms = (): string[] =>
  mountedRoutes()
    .filter(({ method, path }) => method === "POST" && !byPrograms.has(path))
    .map(({ path }) => path);
const shown = (): string[] =>
  mountedRoutes()
    .filter(({ method }) => method === "GET")
    .map(({ path }) => path);

/** Forms whose answers lead on. Asking for a code is none of them, and is possible five times an hour. */
const goesOn = /^\/(?:step-up\/(?!code)|sign-in$|oauth|join)/;

/** What forms of ours say, so that a route that forgot its check would do something. */
const fields = {
  act: "change",
  decision: "approve",
  confirm_name: "x",
  name: "Mallory",
  email: "mallory@evil.example",
  role: "owner",
  reason: "x",
};

describe("every form", () => {
  test("is known here, so that none is forgotten", () => {
    expect(forms().length).toBeGreaterThan(35);
    for (const path of forAnybody) expect(forms()).toContain(path);
  });

  test("is refused without the session's token, with another session's, from elsewhere and without a session; nothing is done", async () => {
    const own = await csrfOf(cookie);
    expect(own).not.toBe(others);
    const entries = () => running.call(running.known.admin_key, "/v1/audit-log?limit=100");
    const before = (await entries()).body.entries.length;
    const wrong: string[] = [];
    const foreign = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: running.known.url.replace("http:", "https:") },
      { origin: `${running.known.url}.evil.example` },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "none" },
    ];
    for (const pattern of forms())
      for (const path of addresses(pattern)) {
        const attempts: [string, Promise<Response>][] = foreign.map((headers) => [
          JSON.stringify(headers),
          post(path, { ...fields, csrf_token: own }, { cookie, ...headers }),
        ]);
        if (!forAnybody.has(pattern)) {
          attempts.push(
            ["no token", post(path, fields, { cookie })],
            ["an empty token", post(path, { ...fields, csrf_token: "" }, { cookie })],
            ["another session's", post(path, { ...fields, csrf_token: others }, { cookie })],
            ["no session", post(path, { ...fields, csrf_token: own })],
            [
              "token in the query",
              post(`${path}?csrf_token=${encodeURIComponent(own)}`, fields, { cookie }),
            ],
          );
        }
        for (const [how, asked] of attempts) {
          const { status } = await asked;
          const wanted = how === "no session" ? [401] : [403];
          if (!wanted.includes(status)) wrong.push(`${path} ${how}: ${status}`);
        }
      }
    expect(wrong).toEqual([]);
    expect((await entries()).body.entries.length).toBe(before);
  });

  test("is read only as a form, and never from the query of a GET", async () => {
    const own = await csrfOf(cookie);
    for (const pattern of forms())
      for (const path of addresses(pattern).slice(0, 1)) {
        for (const type of ["text/plain", "application/json", "multipart/form-data; boundary=x"]) {
          const answer = await fetch(running.known.url + path, {
            method: "POST",
            redirect: "manual",
            headers: { cookie, origin: running.known.url, "content-type": type },
            body: new URLSearchParams({ ...fields, csrf_token: own }).toString(),
          });
          expect([path, type, answer.status]).toEqual([path, type, 415]);
        }
        for (const header of ["x-http-method-override", "x-http-method", "x-method-override"]) {
          const answer = await get(`${path}?csrf_token=${own}&_method=POST`, {
            cookie,
            [header]: "POST",
          });
          expect([path, answer.status < 300 || answer.status >= 400]).toEqual([path, true]);
        }
      }
  });
});

describe("every page", () => {
  test("may not be framed, runs no script but ours, and is not kept, whoever asks", async () => {
    const wrong: string[] = [];
    let pages = 0;
    for (const pattern of shown())
      for (const path of addresses(pattern))
        for (const who of [cookie, ""]) {
          const { status, headers } = await get(path, { cookie: who });
          const told = `${path} by ${who === "" ? "nobody" : "the owner"}`;
          if (status >= 500) wrong.push(`${told}: ${status}`);
          if (headers.get("x-content-type-options") !== "nosniff") wrong.push(`${told}: sniffed`);
          if (!(headers.get("content-type") ?? "").startsWith("text/html")) continue;
          pages++;
          const policy = headers.get("content-security-policy") ?? "";
          // What is shown inside a page of ours may be framed by that page alone.
          const inside = pattern.endsWith("/html") && status === 200;
          if (!policy.includes(`frame-ancestors ${inside ? "'self'" : "'none'"}`))
            wrong.push(`${told}: framed by ${policy}`);
          if (headers.get("x-frame-options") !== (inside ? "SAMEORIGIN" : "DENY"))
            wrong.push(`${told}: x-frame-options ${headers.get("x-frame-options")}`);
          if (!/default-src 'none'/.test(policy) || /unsafe-eval|\*/.test(policy))
            wrong.push(`${told}: ${policy}`);
          const scripts = /script-src ([^;]*)/.exec(policy)?.[1] ?? "";
          if (/unsafe-inline|data:|https?:(?!\/\/)/.test(scripts))
            wrong.push(`${told}: ${scripts}`);
          if (!/base-uri 'none'/.test(policy)) wrong.push(`${told}: base ${policy}`);
          if (pattern !== "/docs" && !pattern.startsWith("/docs/"))
            if (headers.get("cache-control") !== "no-store") wrong.push(`${told}: kept`);
        }
    expect(wrong).toEqual([]);
    expect(pages).toBeGreaterThan(50);
  });

  test("leads nowhere else, whatever a link, a field, a cookie or a header says", async () => {
    const own = await csrfOf(cookie);
    const names = ["next", "return_to", "return", "redirect", "redirect_uri", "url", "continue"];
    const wrong: string[] = [];
    const evil = [
      "//evil.example",
      "https://evil.example/",
      "https:evil.example",
      String.raw`/\evil.example`,
      String.raw`\\evil.example`,
      "/%5cevil.example",
      "/%2f%2fevil.example",
      "/\t/evil.example",
      "/.//evil.example",
      "/a/..//evil.example",
      " //evil.example",
      "javascript:alert(1)",
      "/x\r\nlocation: //evil.example",
      "///evil.example",
      "/@evil.example",
      "http:/evil.example",
    ];
    for (const place of evil) {
      const given = Object.fromEntries(names.map((name) => [name, place]));
      const headers = {
        cookie: `${cookie}; multimail_return=${Buffer.from(place).toString("base64url")}`,
        referer: "https://evil.example/",
        "x-forwarded-host": "evil.example",
        "x-original-url": "//evil.example",
        forwarded: "host=evil.example",
      };
      const query = new URLSearchParams(given).toString();
      for (const pattern of shown()) {
        const answer = await get(`${addresses(pattern)[0] ?? ""}?${query}`, headers);
        check(place, pattern, answer);
        // What the page would send on with its form.
        for (const [, next = ""] of (await answer.text()).matchAll(/name="next" value="([^"]*)"/g))
          if (!/^\/(?![/\\])/.test(next)) wrong.push(`${pattern} keeps ${next}`);
      }
      for (const pattern of forms().filter((path) => goesOn.test(path)))
        check(
          place,
          pattern,
          await post(`${pattern}?${query}`, { ...given, csrf_token: own, token: "x" }, headers),
        );
    }
    function check(place: string, pattern: string, answer: Response): void {
      const location = answer.headers.get("location");
      const refresh = answer.headers.get("refresh");
      if (refresh !== null) wrong.push(`${pattern} refreshes`);
      if (location === null) return;
      const to = URL.parse(location, running.known.url);
      if (to?.origin !== running.known.url || location.includes("evil"))
        wrong.push(`${pattern} with ${JSON.stringify(place)} leads to ${location}`);
    }
    expect(wrong).toEqual([]);
  });

  test("leads nowhere else after a step-up, where the form asked for it", async () => {
    let session = await signInAgain();
    const { admin_key } = running.known;
    const owner = (await running.call(admin_key, "/v1/account")).body.oversight_address;
    const codes = async () =>
      (await mailTo(running, owner)).map((text) => codeIn(text)).filter((one) => one !== "");
    for (const next of ["//evil.example", "/.//evil.example", "https://evil.example/"]) {
      const known = await codes();
      const csrf_token = await csrfOf(session);
      await post("/step-up/code", { csrf_token, next }, { cookie: session });
      await expect.poll(codes, { timeout: 15_000 }).toHaveLength(known.length + 1);
      const code = (await codes()).find((one) => !known.includes(one)) ?? "";
      const given = { csrf_token, next, code };
      const answer = await post("/step-up/redeem", given, { cookie: session });
      expect([next, answer.status, answer.headers.get("location")]).toEqual([next, 303, "/"]);
      const before = session;
      session = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
      expect(session).not.toBe(before);
      // The same code once more is worth nothing.
      const csrf = { csrf_token: await csrfOf(session) };
      const twice = await post("/step-up/redeem", { ...given, ...csrf }, { cookie: session });
      expect(twice.status).toBe(403);
    }
  });

  test("says in its links what we are called, and not what the request called us", async () => {
    for (const pattern of shown()) {
      const path = addresses(pattern)[0] ?? "";
      const { text, location } = await asHost(path, "evil.example");
      // The policy lets our own scripts load from the host that was asked; whoever is asked under a false name has no session.
      const rest = text.replaceAll(/content-security-policy\n.*/gi, "");
      expect([path, /evil\.example/.test(rest), location ?? ""]).toEqual([
        path,
        false,
        expect.not.stringContaining("evil"),
      ]);
    }
  });
});

/** A GET under another name; `fetch` may not set Host. */
async function asHost(
  path: string,
  host: string,
): Promise<{ text: string; location: string | null }> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const call = request(
      running.known.url + path,
      { headers: { host, cookie, "x-forwarded-host": host } },
      (answer) => {
        let text = `${answer.rawHeaders.join("\n")}\n`;
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => (text += chunk));
        answer.on("end", () => resolve({ text, location: answer.headers.location ?? null }));
      },
    );
    call.on("error", reject);
    call.end();
  });
}

describe("a session", () => {
  test("is never the one that the browser brought, at any way in", async () => {
    const planted = `multimail_session=mm_session_${"A".repeat(43)}`;
    const fresh = await signInAgain(planted);
    expect(fresh).not.toBe(planted);
    expect((await get("/account", { cookie: planted })).status).toBe(401);
    // Who signs in on a browser where somebody else was gets a session of their own, and the other's ends.
    const again = await signInAgain(fresh);
    expect(again).not.toBe(fresh);
    expect((await get("/account", { cookie: fresh })).status).toBe(401);
    expect((await get("/account", { cookie: again })).status).toBe(200);
  });

  test("is taken from no other place than its cookie, and not from two", async () => {
    const value = secondCookie.split("=")[1] ?? "";
    for (const headers of [
      { authorization: `Bearer ${value}` },
      { "x-api-key": value },
      { cookie: `session=${value}` },
      { cookie: `${secondCookie}; ${secondCookie}x` },
      { cookie: `${secondCookie}x; ${secondCookie}` },
    ])
      expect((await get("/account", headers as Record<string, string>)).status).toBe(401);
    expect((await get(`/account?multimail_session=${value}`)).status).toBe(401);
    expect((await get("/account", { cookie: secondCookie })).status).toBe(200);
  });

  test("has a cookie that no script reads, no other site sends and no other host shares", async () => {
    const link = new URL(await node.engine.mintSignInLink(node.operator_id));
    const answer = await post("/sign-in", { token: link.searchParams.get("token") ?? "" });
    const [set = ""] = answer.headers.getSetCookie();
    for (const attribute of ["HttpOnly", "SameSite=Lax", "Path=/", "Expires="])
      expect(set).toContain(attribute);
    expect(set).not.toMatch(/domain=/i);
  });
});

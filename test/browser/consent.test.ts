/** Consent in a real browser without script: signing in on the way, choosing, and being led back to a program on the device. */
import { readFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import chromium from "@sparticuz/chromium";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium as playwright,
} from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pkce, program } from "../scenarios/oauth-browser.ts";
import { type Running, run, signIn } from "../scenarios/running.ts";

/** Chromium with its defences on: the package's own arguments switch web security off. Null where it cannot start. */
async function start(): Promise<Browser | null> {
  try {
    const executablePath = await chromium.executablePath();
    return await playwright.launch({ executablePath, args: ["--no-sandbox", "--no-zygote"] });
  } catch {
    return null;
  }
}

const browser = await start();
const axe = readFileSync(
  new URL("../../node_modules/axe-core/axe.min.js", import.meta.url),
  "utf8",
);

describe.skipIf(!browser)("consent in Chromium", () => {
  let running: Running;
  let app: ReturnType<typeof program>;
  let cookie: string;
  /** The program on the device, and what it was led to. */
  let waiting: Server;
  let callback: string;
  const came: URL[] = [];
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    running = await run();
    app = program(running);
    cookie = await signIn(running);
    waiting = createServer((request, response) => {
      if (request.url?.startsWith("/callback")) came.push(new URL(request.url, callback));
      response.end("You can close this window");
    });
    await new Promise<void>((resolve) => waiting.listen(0, "127.0.0.1", resolve));
    callback = `http://127.0.0.1:${(waiting.address() as AddressInfo).port}/callback`;
  });

  afterAll(async () => {
    for (const context of contexts) await context.close();
    await browser?.close();
    waiting.closeAllConnections();
    waiting.close();
    await running.stop();
  });

  async function visitor(options: BrowserContextOptions = {}) {
    const context = await browser!.newContext({ baseURL: app.url, ...options });
    contexts.push(context);
    const value = cookie.split("=")[1] ?? "";
    await context.addCookies([{ name: "multimail_session", value, url: app.url }]);
    return context.newPage();
  }

  test("a person lets a program in, within the policy of the page, and it gets its code", async () => {
    const client_id = await app.client([callback]);
    const { verifier, challenge } = pkce();
    const more = { code_challenge: challenge, redirect_uri: callback };
    const page = await visitor({ javaScriptEnabled: false });
    await page.goto(`/oauth/authorize?${app.query(client_id, more)}`);
    await page.getByLabel("Read and draft").check();
    await page.getByRole("button", { name: "Let it in" }).click();
    await page.waitForURL(`${callback}?**`);
    const [at] = came;
    expect(at?.searchParams.get("iss")).toBe(app.url);
    const code = at?.searchParams.get("code") ?? "";
    const { body } = await app.exchange(code, client_id, verifier, { redirect_uri: callback });
    expect(body.scope).toBe("read draft");
    await page.goto("/account");
    await page.getByRole("button", { name: "End A test program" }).click();
    expect(await page.getByRole("status").textContent()).toContain("not let in any more");
    expect((await app.mcp(body.access_token, "ping")).status).toBe(401);
  });

  test("a no is told to the program", async () => {
    came.length = 0;
    const page = await visitor({ javaScriptEnabled: false });
    const client_id = await app.client([callback]);
    await page.goto(`/oauth/authorize?${app.query(client_id, { redirect_uri: callback })}`);
    await page.getByRole("button", { name: "No", exact: true }).click();
    await page.waitForURL(`${callback}?**`);
    expect(came[0]?.searchParams.get("error")).toBe("access_denied");
  });

  test.each([
    ["light", 1280],
    ["dark", 360],
  ] as const)("axe finds nothing, in %s at %i pixels", async (colorScheme, width) => {
    const page = await visitor({
      colorScheme,
      viewport: { width, height: 800 },
      bypassCSP: true,
    });
    const client_id = await app.client([callback], "A program \u05D0 with <b>marks</b>");
    const query = app.query(client_id, { redirect_uri: callback });
    const broken = app.query(client_id, { redirect_uri: "https://evil.example/" });
    for (const address of [`/oauth/authorize?${query}`, `/oauth/authorize?${broken}`, "/account"]) {
      await page.goto(address);
      await page.evaluate(axe);
      const found = await page.evaluate(async () => {
        const { violations } = await (
          globalThis as unknown as {
            axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
          }
        ).axe.run();
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`);
      });
      expect([address, found]).toEqual([address, []]);
      const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
      expect(wide).toBeLessThanOrEqual(width);
    }
  });
});

/** The API reference in a real browser: every page opens without script and without outside loads, axe finds nothing, it fits a phone. */
import { readFileSync } from "node:fs";
import chromium from "@sparticuz/chromium";
import { Hono } from "hono";
import { type Browser, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mountReference } from "../../src/http/pages/reference-pages.ts";
import { stylesheet } from "../../src/http/pages/stylesheet.ts";
import { type Listening, listen } from "../../src/http/server.ts";
import { openApiOf } from "../../src/openapi-document.ts";
import { allOperations } from "../../src/operations/all.ts";
import { root } from "../source.ts";

const axe = readFileSync(`${root}node_modules/axe-core/axe.min.js`, "utf8");
const audit = readFileSync(new URL("./page-audit.js", import.meta.url), "utf8");
const screenshots = process.env["MULTIMAIL_TEST_SCREENSHOTS"];
type Found = { violations: { id: string; nodes: { html: string }[] }[] };

async function start(): Promise<Browser | null> {
  try {
    const executablePath = await chromium.executablePath();
    return await playwright.launch({ executablePath, args: ["--no-sandbox", "--no-zygote"] });
  } catch {
    return null;
  }
}
const browser = await start();

let server: Listening;
beforeAll(async () => {
  const app = new Hono();
  mountReference(app, { openapi: () => openApiOf(allOperations), public_url: "http://localhost" });
  app.get("/assets/pages.css", (c) => stylesheet(c.req.query("v") ?? null));
  server = await listen(app, { host: "localhost", port: 0 });
});
afterAll(async () => {
  await browser?.close();
  await server.close();
});

const get = (path: string, headers = {}) => fetch(server.url + path, { headers });

test("every operation has a page that names its path, its refusals and a call, and the index leads to each", async () => {
  const index = await (await get("/docs")).text();
  for (const spec of allOperations) {
    const id = spec.name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    expect(index).toContain(`href="/docs/${id}"`);
    const page = await get(`/docs/${spec.name}`);
    const text = await page.text();
    expect(page.status, spec.name).toBe(200);
    expect(text).toContain(spec.path.replaceAll("*}", "}"));
    for (const code of spec.refusals) expect(text).toContain(`<code>${code}</code>`);
    expect(text).toContain("curl -sS");
    expect(text).not.toMatch(/<script|(?:src|href)="https?:|undefined|\[object Object\]/);
  }
  expect((await get("/docs/no_such_thing")).status).toBe(404);
});

test("a page that the caller has is answered 304, and an odd search is only text", async () => {
  const first = await get("/docs/sendEmail");
  const etag = first.headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
  expect((await get("/docs/sendEmail", { "if-none-match": `"x", ${etag}` })).status).toBe(304);
  expect((await get("/docs", { "if-none-match": etag })).status).toBe(200);
  expect(first.headers.get("content-security-policy")).toContain("default-src 'none'");
  const odd = await (await get(`/docs?q=${encodeURIComponent('"><script>x</script>')}`)).text();
  expect(odd).not.toContain("<script");
  expect(odd).toContain("0 of");
  expect(await (await get("/docs?q=post+webhooks")).text()).not.toContain('href="/docs/sendEmail"');
});

describe.skipIf(!browser)("in Chromium", () => {
  test.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 375],
    ["dark", 375],
  ] as const)("axe finds nothing, in %s at %i pixels", async (colorScheme, width) => {
    const context = await browser!.newContext({
      baseURL: server.url,
      colorScheme,
      viewport: { width, height: 900 },
    });
    const page = await context.newPage();
    const elsewhere: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith("data:"))
        elsewhere.push(request.url());
    });
    for (const path of [
      "/docs",
      "/docs?q=mailbox",
      "/docs/sendEmail",
      "/docs/listEmails",
      "/docs/x",
    ]) {
      await page.goto(path);
      // Run from outside the page, whose policy lets no script in.
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() =>
        (globalThis as unknown as { axe: { run(): Promise<Found> } }).axe.run(),
      );
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`)).toEqual([]);
      const own = (await page.evaluate(audit)) as { texts: number; complaints: string[] };
      expect([path, own.complaints]).toEqual([path, []]);
      expect(own.texts).toBeGreaterThan(3);
      if (screenshots)
        await page.screenshot({
          path: `${screenshots}/reference${path.replaceAll(/\W/g, "-")}-${colorScheme}-${width}.png`,
        });
    }
    expect(elsewhere).toEqual([]);
    await context.close();
  });

  test("without script a person searches and reads an operation", async () => {
    const context = await browser!.newContext({ baseURL: server.url, javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto("/docs");
    await page.getByLabel("Search operations").fill("decide");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: "/v1/oversight/decide" }).click();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain(
      "Approve, reject",
    );
    expect(await page.getByText("stale_digest").count()).toBeGreaterThan(0);
    await context.close();
  });
});

/** The verify page in a real browser: statements of real mail are checked there, nothing pasted leaves it, and axe finds no fault. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import chromium from "@sparticuz/chromium";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SentOut, sentOut } from "../scenarios/sent-out.ts";

/** Chromium with its defences on. Null where it cannot start. */
async function start(): Promise<Browser | null> {
  try {
    const executablePath = await chromium.executablePath();
    return await playwright.launch({ executablePath, args: ["--no-sandbox", "--no-zygote"] });
  } catch {
    return null;
  }
}

const browser = await start();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe.skipIf(!browser)("the verify page in Chromium", () => {
  let out: SentOut;
  /** The header of a message as it went out, folded. */
  let header: string;
  let token: string;
  beforeAll(async () => {
    out = await sentOut();
    const [copy] = await out.send("ada@example.com");
    const field = /^X-MultiMail-Identity:(?:.*\r\n)(?:[ \t].*\r\n)*/im.exec(copy?.data ?? "");
    header = field?.[0] ?? "";
    token = header.slice(header.indexOf(":") + 1).replaceAll(/\s/g, "");
  });
  afterAll(async () => {
    await browser?.close();
    await out.node.close();
    await out.running.stop();
    await out.sink.close();
  });

  /** Opens the page; every address that it asks for is kept. */
  async function open(
    fragment: string,
    options: object = {},
  ): Promise<{ page: Page; asked: string[] }> {
    const context = await browser!.newContext({ baseURL: out.running.known.url, ...options });
    const page = await context.newPage();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(`${request.url()} ${request.postData() ?? ""}`));
    await page.goto(`/verify${fragment}`);
    return { page, asked };
  }

  const outcome = async (page: Page): Promise<string> => {
    const shown = page.locator("#outcome[data-verdict]:not([data-verdict=working])");
    await shown.waitFor({ timeout: 10_000 });
    return `${await shown.getAttribute("data-verdict")}: ${await shown.innerText()}`;
  };

  const faults = async (page: Page): Promise<string[]> => {
    await page.evaluate(axe);
    return page.evaluate(async () => {
      const { violations } = await (
        globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        }
      ).axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    });
  };

  test("a statement behind the # is checked on the spot, and never sent", async () => {
    const { page, asked } = await open(`#token=${token}`);
    const text = await outcome(page);
    expect(text).toMatch(/^valid: The statement is genuine/);
    expect(text).toContain(out.running.known.mailbox_address);
    expect(text).toContain("nobody looked at this message");
    expect(text).toContain("too little was sent to say");
    const signature = token.slice(-86);
    // The address of the page itself has the fragment, which no request carries.
    expect(asked.slice(1).filter((one) => one.includes(signature))).toEqual([]);
    expect(asked.every((one) => one.startsWith(out.running.known.url))).toBe(true);
    expect(await faults(page)).toEqual([]);
    await page.context().close();
  });

  test("the header is taken as mail programs show it, folded and with its name", async () => {
    const { page } = await open("");
    expect(await faults(page)).toEqual([]);
    await page.getByLabel("The header’s value").fill(header);
    await page.getByRole("button", { name: "Verify" }).click();
    expect(await outcome(page)).toMatch(/^valid/);
    await page.context().close();
  });

  test("what was changed, forged or made up is not genuine", async () => {
    const [head = "", body = "", signature = ""] = token.split(".");
    const claims = JSON.parse(Buffer.from(body, "base64url").toString());
    const forged = Buffer.from(JSON.stringify({ ...claims, oversight: "gated_all" }));
    const jose = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString("base64url");
    const protectedHead = JSON.parse(Buffer.from(head, "base64url").toString());
    const cases: [string, RegExp][] = [
      [`${head}.${forged.toString("base64url")}.${signature}`, /^invalid.*does not match/],
      [`${jose({ ...protectedHead, alg: "none" })}.${body}.${signature}`, /^invalid.*not ES256/],
      [`${jose({ ...protectedHead, jku: "x" })}.${body}.${signature}`, /^invalid.*not allowed/],
      [`${jose({ ...protectedHead, kid: "A".repeat(43) })}.${body}.${signature}`, /^unknown/],
      [`${head}.${body}.${"A".repeat(86)}`, /^invalid.*does not match/],
      ["<img src=x onerror=alert(1)>", /^invalid.*no identity statement/],
    ];
    const { page } = await open("");
    for (const [text, verdict] of cases) {
      await page.getByLabel("The header’s value").fill(text);
      await page.evaluate("delete document.querySelector('#outcome').dataset.verdict");
      await page.getByRole("button", { name: "Verify" }).click();
      expect((await outcome(page)).replaceAll("\n", " ")).toMatch(verdict);
    }
    expect(await page.locator("#outcome img").count()).toBe(0);
    expect(await faults(page)).toEqual([]);
    await page.context().close();
  });

  test("without script it says how else, and shows no form that would send anything", async () => {
    const { page } = await open(`#${token}`, { javaScriptEnabled: false });
    expect(await page.locator("form#verify").isVisible()).toBe(false);
    expect(await page.locator("main").innerText()).toContain("multimail verify message.eml");
    await page.context().close();
  });

  test("its policy lets it load and ask nothing but us", async () => {
    const reply = await fetch(`${out.running.known.url}/verify`);
    const policy = reply.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toMatch(/script-src [^;]*\/assets\//);
    expect(policy).not.toContain("unsafe");
  });
});

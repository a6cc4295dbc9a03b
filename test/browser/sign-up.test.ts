/** The sign-up page in a real browser: with script an account is opened by a mailed code; without, the page says what is missing. */
import { readFileSync } from "node:fs";
import chromium from "@sparticuz/chromium";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mailTo } from "../scenarios/approvals.ts";
import { type Running, run } from "../scenarios/running.ts";

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
const audit = readFileSync(new URL("./page-audit.js", import.meta.url), "utf8");

describe.skipIf(!browser)("the sign-up page in Chromium", () => {
  let running: Running;
  beforeAll(async () => {
    running = await run({ MULTIMAIL_SIGNUP: "open" });
  });
  afterAll(async () => {
    await browser?.close();
    await running.stop();
  });

  async function complaintsOf(page: Page): Promise<string[]> {
    return (await page.evaluate<{ complaints: string[] }>(audit)).complaints;
  }

  test("a person opens an account by a mailed code, and sees its key once", async () => {
    const context = await browser!.newContext({ baseURL: running.known.url });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (line) => line.type() === "error" && complaints.push(line.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto("/sign-in");
    await page.getByRole("link", { name: "Open one" }).click();
    expect(await complaintsOf(page)).toEqual([]);
    await page.getByLabel("Who answers for the agents").fill("Browser <b>Ltd</b>");
    await page.getByLabel("Postal address, on one line").fill("3 Page Street");
    await page.getByLabel("Your name").fill("Grace");
    await page.getByLabel("Your e-mail address").fill("grace@people.example");
    await page.getByRole("button", { name: "Mail me a code" }).click();
    await page.getByRole("heading", { name: "Enter your code" }).waitFor({ timeout: 20_000 });
    expect(await complaintsOf(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.getByLabel(/^Code/).fill("AAA-AAA");
    await page.getByRole("button", { name: "Open the account" }).click();
    await page.getByRole("alert").waitFor();
    let code: string | undefined;
    await expect
      .poll(async () => {
        const [mail = ""] = await mailTo(running, "grace@people.example");
        code = /^The code: (\S+)/m.exec(mail)?.[1];
        return code;
      })
      .toBeDefined();
    await page.getByLabel(/^Code/).fill((code ?? "").toLowerCase().replace("-", " "));
    await page.getByRole("button", { name: "Open the account" }).click();
    await page.getByRole("heading", { name: "Your account is open" }).waitFor();
    expect(await complaintsOf(page)).toEqual([]);
    const key = (await page.locator("pre").textContent()) ?? "";
    const account = await running.call(key, "/v1/account");
    expect(account.body).toMatchObject({
      name: "Browser <b>Ltd</b>",
      postal_address: "3 Page Street",
      oversight_address: "grace@people.example",
    });
    await context.close();
  }, 60_000);

  test("without script the button does nothing and the page says why", async () => {
    const context = await browser!.newContext({
      baseURL: running.known.url,
      javaScriptEnabled: false,
    });
    const page = await context.newPage();
    await page.goto("/signup");
    await page.getByText("needs JavaScript").waitFor();
    expect(await page.getByRole("button", { name: "Mail me a code" }).isDisabled()).toBe(true);
    await context.close();
  });

  test("what was typed is given back with a refusal", async () => {
    const { url } = running.known;
    const body = new URLSearchParams({
      operator_name: 'Kept "so"',
      oversight_email: "not an address",
      postal_address: "x",
      owner_name: "Grace",
      altcha: "x",
    });
    const answer = await fetch(`${url}/signup`, { method: "POST", headers: { origin: url }, body });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('value="Kept &quot;so&quot;"');
    const foreign = { origin: "https://evil.example" };
    expect((await fetch(`${url}/signup`, { method: "POST", headers: foreign, body })).status).toBe(
      403,
    );
  });
});

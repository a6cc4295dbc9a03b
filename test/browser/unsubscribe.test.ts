/** The unsubscribe page in a real browser: a link scanner changes nothing, the button does what it says. */
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDispatcher } from "../../src/contract/dispatch.ts";
import { createApp } from "../../src/http/app.ts";
import { type Listening, listen } from "../../src/http/server.ts";
import { showUnsubscribe, unsubscribe } from "../../src/operations/compliance/unsubscribe.ts";
import type { OperationContext } from "../../src/operations/context.ts";

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
const people = { address: "ada@customer.example", mailbox_address: "support@agents.example" };

describe.skipIf(!browser)("the unsubscribe page in Chromium", () => {
  /** Tokens that were used. */
  const used: string[] = [];
  let server: Listening;

  beforeAll(async () => {
    const engine = {
      readUnsubscribe: async () => people,
      async unsubscribe(token: string) {
        used.push(token);
        return people;
      },
    };
    const context = { engine } as unknown as OperationContext;
    const silent = () => {};
    const app = createApp({
      dispatcher: createDispatcher([showUnsubscribe, unsubscribe], context),
      authenticate: async () => null,
      new_request_id: () => "0".repeat(26),
      log: { info: silent, warn: silent, error: silent },
      public_url: "http://localhost",
    });
    server = await listen(app, { host: "localhost", port: 0 });
  });
  afterAll(async () => {
    await browser?.close();
    await server.close();
  });

  test.each([
    ["script off", false],
    ["script on", true],
  ])("unsubscribes by its button and by nothing else, with %s", async (_, javaScriptEnabled) => {
    used.length = 0;
    const context = await browser!.newContext({ javaScriptEnabled, baseURL: server.url });
    const page = await context.newPage();
    await page.goto("/v1/unsubscribe/TOKEN");
    expect(used).toEqual([]);
    await page.getByRole("button", { name: "Unsubscribe" }).click();
    await page.getByRole("heading", { name: "Unsubscribed" }).waitFor({ timeout: 10_000 });
    expect(used).toEqual(["TOKEN"]);
    await context.close();
  });
});

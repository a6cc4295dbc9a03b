/** The pages in a real browser with script switched off: a person signs in, reads hostile mail safely, and decides. */
import { readFileSync } from "node:fs";
import chromium from "@sparticuz/chromium";
import {
  type Browser,
  type BrowserContext,
  type Page,
  chromium as playwright,
} from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Listening, listen } from "../../src/http/server.ts";
import { type Sample, samplePages } from "./sample-pages.ts";
import { receivedSample, showcase } from "./showcase.ts";

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

const audit = readFileSync(new URL("./page-audit.js", import.meta.url), "utf8");

/** Screenshots go where a person asked for them, by the environment of the test run. */
const screenshots = process.env["MULTIMAIL_TEST_SCREENSHOTS"];

const hostile = (
  elsewhere: string,
) => `<script>document.title="owned"</script><style>body{background:url(${elsewhere}/css)}@import url(${elsewhere}/import);</style>
<h1 style="color:#14613a">Your refund</h1><p>Dear Ada, <b>40 euros</b> left us this morning.</p>
<img src="${elsewhere}/pixel.gif" alt=""><iframe src="${elsewhere}/frame"></iframe><link rel="stylesheet" href="${elsewhere}/link">
<meta http-equiv="refresh" content="0;url=${elsewhere}/refresh"><form action="/sign-out" method="post"><button id="steal">Press</button></form>
<a id="away" href="${elsewhere}/away" target="_top">Away</a><a id="inside" href="${elsewhere}/inside">Inside</a>`;

describe.skipIf(!browser)("the pages in Chromium", () => {
  let sample: Sample;
  let server: Listening;
  /** Another site, and what it was asked for. */
  let elsewhere: Listening;
  const asked: string[] = [];
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    sample = samplePages({ public_url: "http://localhost" });
    server = await listen(sample.app, { host: "localhost", port: 0 });
    const fetch = (request: Request) => {
      asked.push(new URL(request.url).pathname);
      return new Response("body{color:red}", { headers: { "content-type": "text/css" } });
    };
    elsewhere = await listen({ fetch }, { host: "127.0.0.1", port: 0 });
  });
  afterAll(async () => {
    for (const context of contexts) await context.close();
    await browser?.close();
    await server.close();
    await elsewhere.close();
  });

  /** A page of a new visitor; `requests` are the addresses it asked for. */
  async function visitor(options: Parameters<Browser["newContext"]>[0] = {}) {
    const context = await browser!.newContext({
      javaScriptEnabled: false,
      baseURL: server.url,
      ...options,
    });
    contexts.push(context);
    const page = await context.newPage();
    const requests: string[] = [];
    context.on("request", (request) => requests.push(request.url()));
    return { context, page, requests };
  }

  async function signedIn(options: Parameters<Browser["newContext"]>[0] = {}) {
    const made = await visitor(options);
    await made.context.addCookies([
      { name: "multimail_session", value: sample.signIn(), url: server.url },
    ]);
    return made;
  }

  test("a person signs in by the link, approves with a reason, sees the next message, and signs out, without script", async () => {
    sample.links.add("first-run");
    sample.emails.length = 0;
    const first = sample.addEmail({ subject: "The first" });
    const second = sample.addEmail({ subject: "The second" });
    const { page } = await visitor();
    await page.goto("/sign-in?token=first-run");
    expect(sample.links.has("first-run")).toBe(true);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "The first" }).click();
    await page.getByLabel("Reason").fill("Checked against the order");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.waitForURL(`**/messages/${second.id}?decided=${first.id}`);
    expect(await page.getByRole("status").first().textContent()).toContain(
      "The first is now: Scheduled",
    );
    expect(first.decisions[0]?.reason).toBe("Checked against the order");
    await page.getByRole("button", { name: "Send back" }).click();
    expect(await page.getByRole("alert").textContent()).toContain("what the agent should change");
    await page.getByLabel("Reason").fill("Say when it arrives");
    await page.getByRole("button", { name: "Send back" }).click();
    expect(await page.getByText("Nothing waits for a decision.").count()).toBe(1);
    expect(second.status).toBe("draft");
    await page.getByRole("button", { name: "Sign out" }).click();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(
      "Sign in to MultiMail",
    );
  });

  test("held mail is released by its form, then quarantined as spam and refused, and the list says so", async () => {
    sample.emails.length = 0;
    const email = receivedSample(sample, {
      subject: "An order",
      status: "pending_inbound_approval",
    });
    const { page } = await signedIn();
    await page.goto("/pending");
    await page.getByRole("link", { name: "1 received message waits to be released" }).click();
    await page.getByRole("link", { name: "An order" }).click();
    await page.getByRole("button", { name: "Release to the agent" }).click();
    expect(await page.getByRole("status").textContent()).toContain("An order is now: Unread");
    expect(email.status).toBe("unread");
    await page.getByRole("link", { name: "All", exact: true }).click();
    await page.getByRole("link", { name: "An order" }).click();
    await page.getByRole("button", { name: "Spam", exact: true }).click();
    expect(email.status).toBe("spam_quarantined");
    await page.getByRole("link", { name: "An order" }).first().click();
    await page.getByLabel("Reason").fill("It asks for a password");
    await page.getByRole("button", { name: "Refuse" }).click();
    expect(email).toMatchObject({ status: "rejected", reason: "It asks for a password" });
  });

  test("a mode is changed by its form", async () => {
    const { page } = await signedIn();
    await page.goto(`/mailboxes/${sample.mailbox.id}`);
    await page.getByText("Mode and settings").click();
    await page.getByLabel("Everything held").check();
    await page.getByRole("button", { name: "Save" }).click();
    expect(await page.getByRole("status").count()).toBe(1);
    expect(sample.mailbox.oversight_mode).toBe("gated_all");
    sample.mailbox.oversight_mode = "gated_send";
  });

  test.each([
    ["of ours, script off", false, "outbound", "Decide on a message"],
    ["of ours, script on", true, "outbound", "Decide on a message"],
    ["received, script off", false, "inbound", "Received message"],
    ["received, script on", true, "inbound", "Received message"],
  ] as const)(
    "hostile HTML in a message %s, is shown in its frame and asks for nothing outside",
    async (_, javaScriptEnabled, direction, title) => {
      sample.read = { subject: "x", text: "x", html_safe: hostile(elsewhere.url), attachments: [] };
      const email =
        direction === "outbound"
          ? sample.addEmail()
          : receivedSample(sample, { text_body: hostile(elsewhere.url) });
      const { page, requests } = await signedIn({ javaScriptEnabled });
      await page.goto(`/messages/${email.id}`);
      await page.locator("iframe.mail").scrollIntoViewIfNeeded();
      const frame = page.frameLocator("iframe.mail");
      await frame.getByText("40 euros").waitFor();
      expect(
        await frame
          .locator("h1")
          .evaluate((h1) => h1.ownerDocument.defaultView!.getComputedStyle(h1).color),
      ).toBe("rgb(20, 97, 58)");
      for (const id of ["#steal", "#away", "#inside"])
        await frame
          .locator(id)
          .click({ timeout: 2_000, noWaitAfter: true })
          .catch(() => {});
      await page.waitForLoadState("networkidle");
      // The browser lists what the policy stopped as well; only the other site knows what really went out.
      expect(asked).toEqual([]);
      expect(requests.some((url) => url.endsWith("/sign-out"))).toBe(false);
      expect(new URL(page.url()).pathname).toBe(`/messages/${email.id}`);
      expect(await page.title()).toBe(`${title} · MultiMail`);
    },
  );

  test("the same HTML as a page of its own, without our policy, does ask the other site", async () => {
    const { page } = await visitor({ javaScriptEnabled: true });
    await page.setContent(hostile(elsewhere.url));
    await expect.poll(() => asked).toContain("/pixel.gif");
    asked.length = 0;
  });

  test("no other site can frame a page, and a form of another site decides nothing", async () => {
    const email = sample.addEmail();
    const { page } = await signedIn();
    const form = `<form method="post" action="${server.url}/messages/${email.id}/decide"><input name="decision" value="approve"><input name="digest" value="${email.digest}"><button>Go</button></form><iframe src="${server.url}/pending"></iframe>`;
    const before = sample.calls.length;
    await page.goto(`data:text/html,${encodeURIComponent(form)}`);
    expect(await page.frameLocator("iframe").getByText("Pending messages").count()).toBe(0);
    await page.getByRole("button", { name: "Go" }).click();
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(
      "The form was not accepted",
    );
    expect(sample.calls.slice(before).filter((call) => call.effect !== "read")).toEqual([]);
  });

  describe.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)("in %s at %i pixels", (colorScheme, width) => {
    test("every page fits, reads with enough contrast, and has a name for each control", async () => {
      const paths = showcase(sample, hostile(elsewhere.url));
      const { page } = await signedIn({ colorScheme, viewport: { width, height: 900 } });
      for (const [name, path] of Object.entries(paths)) {
        await page.goto(path);
        await page
          .locator("details")
          .evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
        if (screenshots) await capture(page, `${screenshots}/${name}-${colorScheme}-${width}.png`);
        const found = await page.evaluate<{ texts: number; complaints: string[] }>(audit);
        expect(found.texts).toBeGreaterThan(5);
        expect({ path, complaints: found.complaints }).toEqual({ path, complaints: [] });
      }
    });
  });
});

async function capture(page: Page, path: string): Promise<void> {
  const frame = page.locator("iframe.mail");
  if ((await frame.count()) > 0) {
    await frame.scrollIntoViewIfNeeded();
    await page.frameLocator("iframe.mail").getByText("40 euros").waitFor();
    await page.evaluate("scrollTo(0, 0)");
  }
  await page.screenshot({ path, fullPage: true });
}

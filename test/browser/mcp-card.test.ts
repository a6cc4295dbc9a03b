/** The MCP App card in Chromium, in the sandboxed frame of a host: it shows a waiting message, follows it, and cannot decide. */
import { existsSync, readFileSync } from "node:fs";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import chromium from "@sparticuz/chromium";
import { type Browser, type Frame, type Page, chromium as playwright } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cardMimeType, cardUri } from "../../src/mcp/pending-card.ts";
import { type Running, run } from "../scenarios/running.ts";

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

/** The schemas that hosts check with, where the testers' packages are installed. */
const bridge = new URL(
  "../../tools/mcp/node_modules/@modelcontextprotocol/ext-apps/dist/src/app-bridge.js",
  import.meta.url,
);
type Schema = { safeParse(value: unknown): { success: boolean } };
const official: Record<string, Schema> | null = existsSync(bridge)
  ? ((await import(bridge.href)) as Record<string, Schema>)
  : null;

/** What the card says to its host. */
type Said = { id?: number; method?: string; params?: Record<string, unknown> };

/** The page around the card: it answers as MCP Apps hosts do, and passes tool calls on. */
const hostPage = (abilities: object, theme: string): string => `<!doctype html><title>Host</title>
<iframe id="card" sandbox="allow-scripts" style="width:480px;height:480px"></iframe>
<script>
  const card = document.getElementById("card");
  addEventListener("message", async ({ source, data }) => {
    if (source !== card.contentWindow) return;
    const result = await window.heard(data);
    if (data.id !== undefined && data.method !== undefined)
      source.postMessage({ jsonrpc: "2.0", id: data.id, ...(result ?? { result: {} }) }, "*");
  });
  window.abilities = ${JSON.stringify(abilities)};
  window.theme = ${JSON.stringify(theme)};
  window.tell = (method, params, id) => card.contentWindow.postMessage({ jsonrpc: "2.0", id, method, params }, "*");
</script>`;

describe.skipIf(!browser)("the card of a waiting message", () => {
  let running: Running;
  let client: Client;
  let html: string;
  const pages: Page[] = [];

  beforeAll(async () => {
    running = await run();
    client = new Client({ name: "test", version: "1" });
    const requestInit = { headers: { authorization: `Bearer ${running.known.agent_key}` } };
    const url = new URL(`${running.known.url}/mcp`);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    const { contents } = await client.readResource({ uri: cardUri });
    const [first] = contents;
    if (first === undefined || !("text" in first) || first.mimeType !== cardMimeType)
      throw new Error(`the card was answered as ${JSON.stringify(first)}`);
    html = first.text;
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
  });
  afterAll(async () => {
    await client.close();
    await browser?.close();
    await running.stop();
  });

  /** A host with the card in it, and all that it heard. */
  async function hosted(abilities: object = { serverTools: {}, openLinks: {} }, theme = "light") {
    const page = await browser!.newPage();
    pages.push(page);
    const said: Said[] = [];
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.exposeFunction("heard", async (message: Said) => {
      said.push(message);
      if (message.method === "ui/initialize")
        return {
          result: {
            protocolVersion: "2026-01-26",
            hostInfo: { name: "test", version: "1" },
            hostCapabilities: abilities,
            hostContext: { theme },
          },
        };
      if (message.method !== "tools/call") return null;
      const { name, arguments: args } = message.params as {
        name: string;
        arguments: Record<string, unknown>;
      };
      return { result: await client.callTool({ name, arguments: args }) };
    });
    await page.setContent(hostPage(abilities, theme));
    await page.evaluate(`document.getElementById("card").srcdoc = ${JSON.stringify(html)}`);
    await expect
      .poll(() => said.map(({ method }) => method))
      .toContain("ui/notifications/initialized");
    const card = page.frames().find((frame) => frame !== page.mainFrame())!;
    const tell = (method: string, params: object, id?: number): Promise<void> =>
      page.evaluate(
        ([m, p, i]) => (globalThis as unknown as { tell(...all: unknown[]): void }).tell(m, p, i),
        [method, params, id] as const,
      );
    return { page, card, said, asked, complaints, tell };
  }

  /** Sends by MCP as an agent does, and gives the card the answer as a host does. */
  async function sent(more: Record<string, unknown> = {}): Promise<{ id: string; result: object }> {
    const result = await client.callTool({
      name: "send_email",
      arguments: {
        mailbox_id: running.known.mailbox_id,
        to: ["ada@example.com"],
        subject: "Offer",
        markdown: "Dear Ada",
        ...more,
      },
    });
    const { id } = result.structuredContent as { id: string };
    await running.settled(id, "pending_send_approval");
    return { id, result };
  }

  const state = (card: Frame) => card.locator("#state").textContent();

  test("shows the message as text, and follows what a person decides", async () => {
    const { card, tell, said, asked, complaints } = await hosted();
    const { id, result } = await sent({
      subject: "<img src=x onerror=alert(1)>",
      markdown: '<script>alert(2)</script> </div><a href="https://evil.example">Approve</a>',
    });
    await tell("ui/notifications/tool-result", result);
    await expect.poll(() => state(card)).toBe("Waits for a person's decision");
    await expect
      .poll(() => card.locator("#subject").textContent())
      .toBe("<img src=x onerror=alert(1)>");
    expect(await card.locator("#text").textContent()).toContain("evil.example");
    expect(await card.locator("img, a, form, input, iframe, #text *").count()).toBe(0);
    await running.decide(id, "reject", { reason: "Too soon." });
    await expect
      .poll(() => state(card), { timeout: 15_000 })
      .toBe("Rejected by a person: it was not sent");
    await expect.poll(() => card.getByRole("button").count()).toBe(0);
    expect(
      new Set(
        said.filter(({ method }) => method === "tools/call").map((one) => one.params?.["name"]),
      ),
    ).toEqual(new Set(["read_email"]));
    expect(complaints).toEqual([]);
    expect(asked.filter((url) => url.startsWith("http"))).toEqual([]);
  }, 60_000);

  test("has one button, which asks the host to open the review page and decides nothing", async () => {
    const { card, tell, said } = await hosted();
    const { id, result } = await sent();
    await tell("ui/notifications/tool-result", result);
    const buttons = card.getByRole("button");
    await expect.poll(() => buttons.count()).toBe(1);
    await buttons.click();
    await expect
      .poll(() => said.filter(({ method }) => method === "ui/open-link").map((one) => one.params))
      .toEqual([{ url: `${running.known.url}/messages/${id}` }]);
    const after = await running.call(
      running.known.agent_key,
      `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}`,
    );
    expect(after.body).toMatchObject({ status: "pending_send_approval", approvals: 0 });
    expect(html).not.toMatch(/decide_email|oversight\/decide|approval_code|fetch\(|XMLHttpRequest/);
  }, 60_000);

  test("without tools or links of the host it shows the answer and where to go", async () => {
    const { card, tell, said } = await hosted({});
    const { id } = await sent();
    const structuredContent = { id, status: "pending_send_approval" };
    await tell("ui/notifications/tool-result", { content: [], structuredContent });
    await expect
      .poll(() => card.locator("#address").textContent())
      .toBe(`${running.known.url}/messages/${id}`);
    expect(await card.getByRole("button").count()).toBe(0);
    expect(said.some(({ method }) => method === "tools/call")).toBe(false);
  }, 60_000);

  test("believes its host only, and only ids that are ids", async () => {
    const { page, card, tell } = await hosted();
    const before = await state(card);
    const forged = { id: "01K7Q4M8Z3N5T6V7W8X9Y0EFGH", status: "sent" };
    const message = {
      jsonrpc: "2.0",
      method: "ui/notifications/tool-result",
      params: { structuredContent: forged },
    };
    const attack = `<script>parent.frames[0].postMessage(${JSON.stringify(message)}, "*"); document.title = "done"</script>`;
    await page.evaluate(`{
      const other = document.createElement("iframe");
      other.setAttribute("sandbox", "allow-scripts");
      other.srcdoc = ${JSON.stringify(attack)};
      document.body.append(other);
    }`);
    await expect.poll(() => page.frames().length).toBe(3);
    await page.frames()[2]!.waitForFunction('document.title === "done"');
    await tell("ui/notifications/tool-result", {
      structuredContent: { id: "../../owned", status: "sent" },
    });
    await tell("ping", {}, 7);
    expect(await state(card)).toBe(before);
    await tell("ui/notifications/tool-result", { isError: true, content: [] });
    await expect.poll(() => state(card)).toBe("The call was refused.");
  }, 60_000);

  test("ends its looks when the host takes it down, and answers what hosts ask", async () => {
    const { card, tell, said } = await hosted();
    const { result } = await sent();
    await tell("ui/notifications/tool-result", result);
    await expect.poll(() => state(card)).toBe("Waits for a person's decision");
    await tell("ping", {}, 1001);
    await tell("ui/nonsense", {}, 1002);
    await tell("ui/resource-teardown", {}, 1003);
    await expect.poll(() => said.find(({ id }) => id === 1003)).toMatchObject({ result: {} });
    expect(said.find(({ id }) => id === 1001)).toMatchObject({ result: {} });
    expect(said.find(({ id }) => id === 1002)).toMatchObject({ error: { code: -32601 } });
  }, 60_000);

  test.each(["light", "dark"])(
    "has no violation that axe finds, in %s",
    async (theme) => {
      const { card, tell } = await hosted(undefined, theme);
      const { result } = await sent({ markdown: "A line\n\n".repeat(60) });
      await tell("ui/notifications/tool-result", result);
      await expect.poll(() => card.locator("#subject").textContent()).toBe("Offer");
      await card.evaluate(axe);
      const violations = await card.evaluate(async () =>
        (
          await (
            globalThis as unknown as {
              axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
            }
          ).axe.run()
        ).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`),
      );
      expect(violations).toEqual([]);
    },
    60_000,
  );

  test.skipIf(official === null)(
    "speaks as the schemas of hosts want it",
    async () => {
      const { tell, said } = await hosted();
      const { result } = await sent();
      await tell("ui/notifications/tool-result", result);
      await expect.poll(() => said.some(({ method }) => method === "tools/call")).toBe(true);
      const schemas: Record<string, string> = {
        "ui/initialize": "McpUiInitializeRequestSchema",
        "ui/notifications/initialized": "McpUiInitializedNotificationSchema",
        "ui/notifications/size-changed": "McpUiSizeChangedNotificationSchema",
      };
      for (const [method, name] of Object.entries(schemas)) {
        const found = said.filter((one) => one.method === method);
        expect(found.length, method).toBeGreaterThan(0);
        for (const { params } of found)
          expect(official?.[name]?.safeParse({ method, params }).success, method).toBe(true);
      }
      const { resources } = await client.listResources();
      const meta = resources.find(({ uri }) => uri === cardUri)?._meta?.["ui"];
      expect(official?.["McpUiResourceMetaSchema"]?.safeParse(meta).success).toBe(true);
      const { tools } = await client.listTools();
      const sender = tools.find(({ name }) => name === "send_email")?._meta?.["ui"];
      expect(official?.["McpUiToolMetaSchema"]?.safeParse(sender).success).toBe(true);
      expect(sender).toEqual({ resourceUri: cardUri });
    },
    60_000,
  );
});

/** Deciding by passkey in a real browser with a virtual authenticator: enrol, approve what is shown, and refuse what is not. */
import { readFileSync } from "node:fs";
import chromium from "@sparticuz/chromium";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bundle } from "../../src/audit/bundle-format.ts";
import { verifyBundle } from "../../src/audit/bundle.ts";
import { readEnrolment } from "../../src/audit/directory.ts";
import { decodeEntry } from "../../src/audit/entry.ts";
import { challenge } from "../../src/audit/statement.ts";
import { otherVerdict } from "../evidence/other-webauthn.ts";
import { promise } from "../promises.ts";
import { type Answer, type Running, postForm, run, signIn } from "../scenarios/running.ts";

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

describe.skipIf(!browser)("passkeys for decisions in Chromium", () => {
  let running: Running;
  let cookie: string;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    running = await run();
    cookie = await signIn(running);
    const mailbox = `/mailboxes/${running.known.mailbox_id}`;
    const fields = { undo_seconds: "0", was_undo_seconds: "10" };
    const saved = await postForm(running, cookie, mailbox, mailbox, fields);
    if (saved.status !== 303) throw new Error(`the settings answered ${saved.status}`);
    const context = await browser!.newContext({ baseURL: running.known.url });
    const [name = "", value = ""] = cookie.split("=");
    await context.addCookies([{ name, value, url: running.known.url }]);
    page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    const cdp = await context.newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await page.goto("/decision-passkeys");
    await page.getByLabel("Name of the new passkey").fill("Virtual device");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.waitForURL("**/decision-passkeys?done=enrolled");
  });
  afterAll(async () => {
    await browser?.close();
    await running.stop();
  });

  async function open(more: Record<string, unknown> = {}): Promise<Answer["body"]> {
    const { status, body } = await running.send({ subject: "To be signed", ...more });
    if (status !== 202) throw new Error(`send answered ${JSON.stringify(body)}`);
    const message = await running.settled(body.id, "pending_send_approval");
    await page.goto(`/messages/${message.id}`);
    return message;
  }

  const approve = () => page.getByRole("button", { name: "Approve with passkey" });

  async function bundleOf(id: string): Promise<Bundle> {
    const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}/proof`;
    return JSON.parse(
      JSON.stringify((await running.call(running.known.admin_key, path)).body),
    ) as Bundle;
  }

  async function check(id: string): Promise<string> {
    const { body: pinned } = await running.call(running.known.admin_key, "/v1/public-keys");
    return (await verifyBundle(await bundleOf(id), { pinned, now: new Date() })).verdict;
  }

  test(promise("passkey.browser"), async () => {
    expect(await page.getByRole("cell", { name: "Virtual device", exact: true }).count()).toBe(1);
    const message = await open({
      to: ["Ada@Example.com"],
      cc: ["grace@example.net"],
      bcc: ["hidden@example.org"],
      subject: "Zero\u200Bwidth, ünïcode & <tags>",
      markdown: "# Title\n\nSome *text* with \u200Ban invisible character.\n\n- one\n- two\n",
      attachments: [{ filename: "terms.txt", content_type: "text/plain", content: "aGVsbG8=" }],
    });
    await approve().click();
    await page.waitForURL(`**decided=${message.id}`);
    const sent = await running.settled(message.id, "sent", "delivered");
    expect(sent.decisions).toMatchObject([{ class: "A", decision: "approve" }]);
    expect(await check(message.id)).toBe("valid");
    const { decisions, directory } = await bundleOf(message.id);
    const { payload, signatures } = decisions[0]!.statement;
    const [signature] = signatures;
    const enrolled = decodeEntry(Buffer.from(directory!.passkeys[0]!.enrolled.body, "base64"));
    const verdict = await otherVerdict(
      {
        id: signature!.keyid,
        client_data_json: signature!.webauthn!.clientDataJSON,
        authenticator_data: signature!.webauthn!.authenticatorData,
        signature: Buffer.from(signature!.sig, "base64").toString("base64url"),
      },
      {
        challenge: challenge(Buffer.from(payload, "base64")),
        origin: running.known.url,
        rp_id: "localhost",
        cose: readEnrolment(enrolled).public_key,
      },
    );
    expect(verdict).toBe(true);
    expect(complaints).toEqual([]);
  });

  test("a rejection by passkey", async () => {
    const message = await open();
    await page.getByRole("button", { name: "Reject with passkey" }).click();
    await page.waitForURL(`**decided=${message.id}`);
    const { status, decisions } = await running.settled(message.id, "rejected");
    expect({ status, class: decisions[0].class }).toEqual({ status: "rejected", class: "A" });
    expect(await check(message.id)).toBe("valid");
  });

  test("a mailbox that demands passkeys offers nothing else, and takes them", async () => {
    const path = `/v1/mailboxes/${running.known.mailbox_id}`;
    const demand = { passkey_required: true };
    await running.call(running.known.admin_key, path, demand, { method: "PATCH" });
    const message = await open();
    expect(await page.getByRole("button", { name: "Approve", exact: true }).count()).toBe(0);
    expect((await running.decide(message.id, "approve")).body.code).toBe("passkey_required");
    await approve().click();
    await page.waitForURL(`**decided=${message.id}`);
    await running.settled(message.id, "sent", "delivered");
    expect(await check(message.id)).toBe("valid");
  });

  test.each([
    ["light", 1280],
    ["light", 360],
    ["dark", 360],
  ] as const)("the pages are readable: %s, %d pixels", async (colorScheme, width) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    const message = await open({ markdown: "Text with \u200Ba hidden character." });
    for (const path of [`/messages/${message.id}`, "/decision-passkeys"]) {
      await page.goto(path);
      const found = await page.evaluate<{ texts: number; complaints: string[] }>(audit);
      expect(found.texts).toBeGreaterThan(10);
      expect(found.complaints, path).toEqual([]);
    }
  });

  describe("the page signs nothing but what it shows:", () => {
    const said = async (): Promise<string> => {
      await approve().click();
      const status = page.locator("form.decision [role=status]");
      await expect.poll(() => status.textContent()).not.toBe("");
      return (await status.textContent()) ?? "";
    };

    test("another recipient, subject, text or attachment on the page", async () => {
      const message = await open({
        attachments: [{ filename: "a.txt", content_type: "text/plain", content: "aGVsbG8=" }],
      });
      const changes: [string, string, string][] = [
        ["dd[data-recipient] .address b", "example.org", "other recipients"],
        ["#subject bdi", "Another subject", "another subject"],
        ["[data-decided] pre.body", "Another text", "another text"],
        ["tr[data-bytes] th bdi", "b.txt", "other attachments"],
      ];
      for (const [selector, text, words] of changes) {
        await page.goto(`/messages/${message.id}`);
        await page
          .locator(selector)
          .first()
          .evaluate((one, shown) => {
            one.textContent = shown;
          }, text);
        expect(await said()).toContain(words);
      }
      expect((await running.settled(message.id, "pending_send_approval")).approvals).toBe(0);
    });

    test("a statement about something else, or other bytes, from the server", async () => {
      const message = await open();
      const other = await open();
      const answer = async (change: (statement: string) => string): Promise<string> => {
        await page.goto(`/messages/${message.id}`);
        await page.route("**/prompt", async (route) => {
          const response = await route.fetch();
          const prompt = (await response.json()) as { statement: string };
          const text = Buffer.from(prompt.statement, "base64url").toString();
          const statement = Buffer.from(change(text)).toString("base64url");
          await route.fulfill({ response, json: { ...prompt, statement } });
        });
        const words = await said();
        await page.unroute("**/prompt");
        return words;
      };
      expect(await answer((text) => text.replace(message.id, other.id))).toContain(
        "another message",
      );
      expect(await answer((text) => text.replace('"approve"', '"reject"'))).toContain(
        "another decision",
      );
      expect(await answer((text) => text.replace(message.digest, other.digest))).toContain(
        "other content",
      );
      expect(
        await answer((text) =>
          text.replace(/"body":"(.)/, (_, c) => `"body":"${c === "0" ? 1 : 0}`),
        ),
      ).toContain("does not open");
      await page.goto(`/messages/${message.id}`);
      await page.route("**/raw", async (route) => {
        const response = await route.fetch();
        const body = (await response.text()).replace("text", "test");
        await route.fulfill({ response, body });
      });
      expect(await said()).toContain("other bytes");
      await page.unroute("**/raw");
      // A statement changed where the page cannot tell is signed as what it is: the server does not know it.
      await page.route("**/prompt", async (route) => {
        const response = await route.fetch();
        const prompt = (await response.json()) as { statement: string };
        const text = Buffer.from(prompt.statement, "base64url").toString();
        const iat = text.replace(/"iat":(\d)/, '"iat":1$1');
        const statement = Buffer.from(iat).toString("base64url");
        await route.fulfill({ response, json: { ...prompt, statement } });
      });
      await page.goto(`/messages/${message.id}`);
      await approve().click();
      await page.getByRole("alert").first().waitFor();
      expect(await page.getByRole("alert").first().textContent()).toContain("not known");
      await page.unroute("**/prompt");
      expect((await running.settled(message.id, "pending_send_approval")).approvals).toBe(0);
    });
  });
});

/** Passkeys in a real browser with a virtual authenticator: made on the account page, signed in with, and confirmed with. */
import chromium from "@sparticuz/chromium";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Running, run } from "../scenarios/running.ts";
import { type SecondNode, secondNode } from "../scenarios/second-node.ts";

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

describe.skipIf(!browser)("a sign-in passkey in Chromium", () => {
  let running: Running;
  let node: SecondNode;
  beforeAll(async () => {
    running = await run({ MULTIMAIL_ROLES: "api" });
    node = await secondNode(running);
  });
  afterAll(async () => {
    await browser?.close();
    await node.close();
    await running.stop();
  });

  /** A browser with a device in it, whose user touches it when asked. */
  async function device({ in_field = true } = {}): Promise<{
    page: Page;
    complaints: string[];
    credentials(): Promise<number>;
  }> {
    const context = await browser!.newContext({ baseURL: running.known.url });
    const page = await context.newPage();
    // The virtual device answers a prompt in the address field by itself.
    if (!in_field)
      await page.addInitScript(
        "PublicKeyCredential.isConditionalMediationAvailable = async () => false",
      );
    const complaints: string[] = [];
    page.on("console", (line) => {
      if (line.type() === "error" && !line.text().includes("status of 4"))
        complaints.push(line.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    const cdp = await context.newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return {
      page,
      complaints,
      credentials: async () =>
        (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
    };
  }

  async function signInByLink(page: Page): Promise<void> {
    await page.goto(await node.engine.mintSignInLink(node.operator_id));
    await page.getByRole("button", { name: "Sign in on this device" }).click();
    await page.getByRole("heading", { name: "Pending messages" }).waitFor();
  }

  test("is made on the account page, signs its person in again, and confirms who they are", async () => {
    const { page, complaints, credentials } = await device({ in_field: false });
    await signInByLink(page);
    await page.goto("/account");
    await page.getByLabel("Name of the new passkey").fill("Test laptop");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.waitForURL("**/account?done=enrolled");
    expect(await page.getByRole("rowheader", { name: "Test laptop" }).count()).toBe(1);
    expect(await credentials()).toBe(1);

    // No second one on the same device.
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByText("No passkey was made.").waitFor();
    expect(await credentials()).toBe(1);

    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByRole("heading", { name: "Sign in to MultiMail" }).waitFor();
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByRole("heading", { name: "Pending messages" }).waitFor();
    const [cookie] = await page.context().cookies();
    const session = await node.engine.signIn.session(cookie?.value ?? "");
    expect(session?.actor.verified_by).toBe("passkey");

    await node.asOwner(`UPDATE session SET verified_at = now() - interval '1 hour'`);
    await page.goto("/people");
    await page.getByLabel("E-mail address").fill("grace@people.example");
    await page.getByLabel("Name", { exact: true }).last().fill("Grace Hopper");
    await page.getByRole("button", { name: "Mail an invitation" }).click();
    await page.getByRole("link", { name: "Confirm who you are" }).click();
    await page.getByRole("button", { name: "Confirm with a passkey" }).click();
    await page.getByRole("heading", { name: "People", exact: true }).waitFor();
    await page.getByLabel("E-mail address").fill("grace@people.example");
    await page.getByLabel("Name", { exact: true }).last().fill("Grace Hopper");
    await page.getByRole("button", { name: "Mail an invitation" }).click();
    await page.getByText("The invitation was mailed.").waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("is offered in the address field; once revoked it signs nobody in, and the page says so", async () => {
    const { page } = await device();
    await signInByLink(page);
    await page.goto("/account");
    await page.getByLabel("Name of the new passkey").fill("Lost phone");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.waitForURL("**/account?done=enrolled");
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    // Offered in the address field, without a button.
    await page.getByRole("heading", { name: "Pending messages" }).waitFor();
    await page.goto("/account");
    const row = page.getByRole("row").filter({ hasText: "Lost phone" });
    await row.getByText("Change").first().click();
    await row.getByRole("button", { name: "Revoke" }).click();
    await page.waitForURL("**/account?done=revoked");
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByText("This passkey signs nobody in here.").waitFor();
    expect((await page.request.get("/account")).status()).toBe(401);
    await page.context().close();
  });

  test("is not offered where script is off; a mailed code still is", async () => {
    const context = await browser!.newContext({
      baseURL: running.known.url,
      javaScriptEnabled: false,
    });
    const page = await context.newPage();
    await page.goto("/sign-in");
    expect(await page.getByRole("button", { name: "Sign in with a passkey" }).count()).toBe(0);
    await page.getByLabel("Your e-mail address").fill("nobody@people.example");
    await page.getByRole("button", { name: "Mail me a code" }).click();
    await page.getByLabel("Code, such as").fill("AAA-AAA");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("This code does not work").waitFor();
    await context.close();
  });
});

/** What /llms.txt says takes an agent from nothing to a pending message; the person's steps are played by the test. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { mailTo } from "./approvals.ts";
import { type Known, exchangesUnder, follow } from "./llms-reader.ts";
import { type Running, run } from "./running.ts";

/** The person: knows who they are, and reads their mail. */
function person(running: Running, about: Known): (word: string) => Promise<string> {
  return async (word) => {
    const said = about[word];
    if (said !== undefined) return said;
    if (word !== "code") throw new Error(`the text does not say what <${word}> is`);
    let code: string | undefined;
    await expect
      .poll(
        async () => {
          const mails = await mailTo(running, about["oversight_email"] ?? "");
          code = /^The code: (\S+)/m.exec(mails.at(-1) ?? "")?.[1];
          return code;
        },
        { timeout: 10_000 },
      )
      .toBeDefined();
    return code ?? "";
  };
}

const message = { recipient: "ada@example.com", subject: "Hello", text: "From an *agent*." };

/** Everything under a heading; the last answer. */
async function followAll(
  running: Running,
  heading: string,
  known: Known,
  about: Known,
): Promise<void> {
  const text = await (await fetch(`${running.known.url}/llms.txt`)).text();
  const exchanges = exchangesUnder(text, heading);
  expect(exchanges.length, heading).toBeGreaterThan(0);
  for (const exchange of exchanges) await follow(exchange, known, person(running, about));
}

/** Only the first exchange: the next ones wait for a person. */
async function writeOne(running: Running, known: Known): Promise<unknown> {
  const text = await (await fetch(`${running.known.url}/llms.txt`)).text();
  const [send] = exchangesUnder(text, "Send a message");
  if (!send) throw new Error("the text does not say how to send");
  return follow(send, known, person(running, message));
}

/** The message as Ada has it; notices quote it and are somebody else's. */
async function delivered(running: Running): Promise<string> {
  let mail: string | undefined;
  await expect
    .poll(
      async () => {
        const mails = await mailTo(running, "ada@example.com");
        mail = mails.find((text) => !text.includes("waits for a decision"));
        return mail;
      },
      { timeout: 20_000 },
    )
    .toBeDefined();
  return mail ?? "";
}

describe("where sign-up is open", () => {
  let running: Running;
  beforeAll(async () => {
    running = await run({ MULTIMAIL_SIGNUP: "open" });
  });
  afterAll(() => running.stop());

  test(promise("signup.llms-txt"), async () => {
    const known: Known = {};
    await followAll(running, "Get in: open an account", known, {
      operator_name: "Newcomer & Sons",
      postal_address: "2 New Street, 11111 New Town",
      oversight_email: "human@people.example",
    });
    expect(await writeOne(running, known)).toMatchObject({ status: "pending_send_approval" });
    // The person decides by the link in the notice, without signing in.
    let link: string | undefined;
    await expect
      .poll(
        async () => {
          const mails = await mailTo(running, "human@people.example");
          link = /https?:\/\/\S+\/approve\/\S+/.exec(mails.at(-1) ?? "")?.[0];
          return link;
        },
        { timeout: 10_000 },
      )
      .toBeDefined();
    const page = await (await fetch(link ?? "")).text();
    const field = (name: string): string =>
      new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1] ?? "";
    const decided = await fetch(link ?? "", {
      method: "POST",
      headers: { origin: running.known.url },
      body: new URLSearchParams({ page_token: field("page_token"), decision: "approve" }),
    });
    expect(decided.status).toBe(200);
    const text = await (await fetch(`${running.known.url}/llms.txt`)).text();
    const [, wait, inbox] = exchangesUnder(text, "Send a message");
    if (!wait || !inbox) throw new Error("the text does not say how to wait");
    const ask = person(running, {});
    expect(await follow(wait, known, ask)).toMatchObject({ decided: true });
    await follow(inbox, known, ask);
    const mail = await delivered(running);
    expect(mail).toContain("agent@newcomer-sons.multimail.localhost");
    expect(mail).toContain("2 New Street, 11111 New Town");
  });

  test("another operator's people do not see what the catcher holds", async () => {
    const { url } = running.known;
    const asked = await fetch(`${url}/sign-in/code`, {
      method: "POST",
      headers: { origin: url },
      body: new URLSearchParams({ email: "human@people.example" }),
    });
    expect(asked.status).toBe(200);
    let code = "";
    await expect
      .poll(
        async () => {
          const mails = await mailTo(running, "human@people.example");
          code = /^Your code: (\S+)/m.exec(mails.at(-1) ?? "")?.[1] ?? "";
          return code;
        },
        { timeout: 10_000 },
      )
      .not.toBe("");
    const admitted = await fetch(`${url}/sign-in/redeem`, {
      method: "POST",
      redirect: "manual",
      headers: { origin: url },
      body: new URLSearchParams({ email: "human@people.example", code }),
    });
    const cookie = (admitted.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const home = await fetch(`${url}/`, { headers: { cookie } });
    expect(await home.text()).toContain("Newcomer &amp; Sons");
    expect((await fetch(`${url}/catcher`, { headers: { cookie } })).status).toBe(404);
  });
});

describe("where it is closed", () => {
  let running: Running;
  beforeAll(async () => {
    running = await run();
  });
  afterAll(() => running.stop());

  test("an agent joins its person's account by six digits, and writes a pending message", async () => {
    const known: Known = {};
    await followAll(running, "Get in: join", known, {
      oversight_email: "oversight@multimail.localhost",
      agent_name: "Support agent",
    });
    expect(known["code"]).toMatch(/^\d{6}$/);
    expect(await writeOne(running, known)).toMatchObject({ status: "pending_send_approval" });
    const emailId = known["email_id"] ?? "";
    expect((await running.decide(emailId, "approve")).status).toBe(200);
    const mail = await delivered(running);
    expect(mail).toContain("support-agent@multimail.localhost");
  });

  test("the text says that there are no accounts to open, and names no call for it", async () => {
    const text = await (await fetch(`${running.known.url}/llms.txt`)).text();
    expect(text).toContain("This instance takes no new accounts.");
    expect(text).not.toContain("/v1/signup");
  });

  test.each(["/llms.txt", "/llms-full.txt", "/auth.md"])(
    "%s is served without a credential and names no address but this instance's",
    async (path) => {
      const response = await fetch(`${running.known.url}${path}`);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toMatch(
        /^text\/(?:plain|markdown); charset=utf-8$/,
      );
      const text = await response.text();
      const hosts = new Set(
        [...text.matchAll(/https?:\/\/[^\s/)`]+/g)].map(([url]) => url.replace(/[.,]$/, "")),
      );
      expect([...hosts]).toEqual([running.known.url]);
    },
  );
});

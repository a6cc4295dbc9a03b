/** The whole road of a mailed code and an invitation: asked for on a page, sent by the worker, read from real mail, used. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeIn, tokenIn } from "./members.ts";
import { type Running, postForm, run, signIn } from "./running.ts";

let running: Running;
beforeAll(async () => {
  running = await run();
});
afterAll(() => running.stop());

/** The newest mail with that subject that the catcher took, when it is there. */
async function caught(subject: string): Promise<{ text: string; to: string; from: string }> {
  const folder = running.instance.catcher?.folder ?? "";
  const find = async () => {
    const files = await readdir(folder, { recursive: true });
    const mails = await Promise.all(
      files
        .filter((name) => name.endsWith(".eml"))
        .toSorted()
        .map(async (name) => PostalMime.parse(await readFile(join(folder, name)))),
    );
    return mails.findLast((mail) => mail.subject === subject);
  };
  await expect.poll(find, { timeout: 15_000 }).toBeDefined();
  const mail = await find();
  return {
    text: mail?.text ?? "",
    to: mail?.to?.[0]?.address ?? "",
    from: mail?.from?.address ?? "",
  };
}

const post = (path: string, fields: Record<string, string>): Promise<Response> =>
  fetch(running.known.url + path, {
    method: "POST",
    redirect: "manual",
    headers: {
      origin: running.known.url,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams(fields),
  });
const cookieOf = (response: Response): string =>
  (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";

test("an invitation and a code arrive as mail, and let their reader in", async () => {
  const owner = await signIn(running);
  const email = "grace@people.example";
  const wanted = { email, name: "Grace Hopper", role: "approver" };
  expect((await postForm(running, owner, "/people", "/people", wanted)).status).toBe(303);
  const invitation = await caught("You are invited to MultiMail");
  expect(invitation.to).toBe(email);
  expect(invitation.from).toMatch(/^oversight@/);
  expect((await post("/join", { token: tokenIn(invitation.text) })).status).toBe(303);

  await post("/sign-in/code", { email });
  const mail = await caught("Your sign-in code");
  expect(mail.to).toBe(email);
  const admitted = await post("/sign-in/redeem", { email, code: codeIn(mail.text) });
  expect(admitted.status).toBe(303);
  const page = await fetch(`${running.known.url}/account`, {
    headers: { cookie: cookieOf(admitted) },
  });
  expect(await page.text()).toContain("Grace Hopper");
});

/** The inbound door of a running instance, and swaks, the SMTP client of testers. */
import { execFile } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Running, run } from "../scenarios/running.ts";
import { SWAKS, no_swaks } from "./swaks.ts";

describe.skipIf(no_swaks)("swaks at the inbound door", () => {
  let running: Running;
  beforeAll(async () => {
    running = await run({
      MULTIMAIL_DOMAIN: "agents.test",
      MULTIMAIL_SMTP_NAME: "mx.agents.test",
    });
  });
  afterAll(() => running?.stop());

  /** What swaks said and heard, and how it ended. */
  function swaks(...more: string[]): Promise<{ code: number; transcript: string }> {
    const { host, port } = running.instance.smtp!.inbound;
    const args = ["--server", host, "--port", String(port), "--from", "ada@people.test", ...more];
    return new Promise((resolve) => {
      execFile(SWAKS, args, { encoding: "utf8" }, (error, stdout, stderr) =>
        resolve({
          code: typeof error?.code === "number" ? error.code : 0,
          transcript: stdout + stderr,
        }),
      );
    });
  }

  async function subjects(): Promise<string[]> {
    const path = `/v1/mailboxes/${running.known.mailbox_id}/emails?direction=inbound`;
    const { body } = await running.call(running.known.oversight_key, path);
    return body.emails.map(({ subject }: { subject: string }) => subject);
  }

  test.each<[string, string[], string?]>([
    ["in the clear", []],
    ["over STARTTLS", ["-tls"]],
    ["with pipelining", ["--pipeline"]],
    ["to postmaster without a domain", [], "postmaster"],
  ])("mail %s is taken and comes to its mailbox", async (name, flags, address) => {
    const subject = `By swaks ${name}`;
    const to = ["--to", address ?? "agent@agents.test", "--header", `Subject: ${subject}`];
    const { code, transcript } = await swaks(...flags, ...to, "--body", "One\\n.\\n..two\\nThree");
    expect(code, transcript).toBe(0);
    expect(transcript).toMatch(/^<[~-] {2}250 2\.0\.0 taken as [0-9A-Z]{26}/m);
    for (let i = 0; !(await subjects()).includes(subject); i++) {
      expect(i).toBeLessThan(400);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  });

  test("nobody of ours, somebody elsewhere, and AUTH are refused in words", async () => {
    const unknown = await swaks("--to", "nobody@agents.test");
    expect(unknown.transcript).toMatch(/^<\*\* 550 5\.1\.1/m);
    const elsewhere = await swaks("--to", "ada@elsewhere.test");
    expect(elsewhere.transcript).toMatch(/^<\*\* 550 5\.[17]\.\d/m);
    const auth = await swaks("--to", "agent@agents.test", "--auth", "--auth-user", "a", "-ap", "b");
    expect(auth.transcript).toContain("Host did not advertise authentication");
    for (const { code } of [unknown, elsewhere, auth]) expect(code).not.toBe(0);
  });

  test("a bounce address of ours that was made up takes nothing", async () => {
    const { transcript } = await swaks("--to", `${"0".repeat(64)}@bounces.agents.test`);
    expect(transcript).toMatch(/^<\*\* 550 5\./m);
  });
});

/** Attacks on correspondence, as found by hand: each test is one that succeeded once. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Client } from "./smtp-dialog.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { type SentOut, sentOut } from "./sent-out.ts";

let out: SentOut;
let keys: OwnerKeys;
beforeAll(async () => {
  out = await sentOut();
  keys = await ownerKeys(out.node);
});
afterAll(() => out?.stop());

describe("an SMTP session that was signed in", () => {
  test("submits nothing once its key is revoked", async () => {
    const { running } = out;
    const { known } = running;
    const { id, secret } = await keys.make(["read", "send"]);
    const client = new Client(running.instance.smtp!.submission);
    await client.reply();
    await client.say("EHLO agent.example");
    const login = Buffer.from(`\0agent\0${secret}`).toString("base64");
    expect(await client.say(`AUTH PLAIN ${login}`)).toMatch(/^235 /);
    const letter = async (subject: string): Promise<string | null> => {
      await client.say(`MAIL FROM:<${known.mailbox_address}>`);
      await client.say("RCPT TO:<ada@example.com>");
      await client.say("DATA");
      return client.say(
        `From: ${known.mailbox_address}\r\nTo: ada@example.com\r\nSubject: ${subject}\r\n\r\nHello.\r\n.`,
      );
    };
    expect(await letter("With a key")).toMatch(/^250 /);
    const revoked = await running.call(known.admin_key, `/v1/api-keys/${id}`, undefined, {
      method: "DELETE",
    });
    expect(revoked.status).toBe(200);
    expect(await letter("Without one")).toMatch(/^535 5\.7\.8 /);
    const { body } = await running.call(
      known.agent_key,
      `/v1/mailboxes/${known.mailbox_id}/emails?direction=outbound&subject_contains=Without`,
    );
    expect(body.emails).toEqual([]);
    client.close();
  });
});

describe("whoever knows Message-ID and body of a message under way", () => {
  const letter = (more: string): string =>
    `${more}\r\nMessage-ID: <under-way@example.com>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nThe same words.\r\n`;

  test("cannot have it dropped by sending them first: every other header is another message", async () => {
    const { mail, running } = out;
    const genuine = letter("From: Ada <ada@example.com>\r\nSubject: Genuine");
    for (const data of [
      letter("From: Eve <eve@example.net>\r\nSubject: Genuine"),
      letter("From: Ada <ada@example.com>\r\nSubject: Other"),
      letter("From: Ada <ada@example.com>\r\nReply-To: eve@example.net\r\nSubject: Genuine"),
      letter(
        "From: Ada <ada@example.com>\r\nSubject: Genuine\r\nContent-Type: multipart/mixed; boundary=none",
      ),
      genuine,
      genuine,
    ])
      expect(await mail.raw("ada@example.com", running.known.mailbox_address, data)).toMatch(
        /^250 /,
      );
    await out.opened();
    const found = (await mail.inbox()).filter(({ subject }) => /^(?:Genuine|Other)$/.test(subject));
    expect(found).toHaveLength(5);
    expect(
      found.filter(({ from, subject }) => subject === "Genuine" && from === "ada@example.com"),
    ).toHaveLength(3);
  });
});

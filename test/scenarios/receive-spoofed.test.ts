/** Mail in the name of a domain that asks for it to be refused: by whatever trick, none of it is unread mail of the inbox. */
import { generateKeyPairSync } from "node:crypto";
import { sealMessage } from "mailauth/lib/arc/index.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dkimTxtRecord } from "../../src/mail/dkim.ts";
import { type DnsServerForTests, startDns } from "../dns/server.ts";
import { type MailIn, mailIn } from "./mail-in.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
let dns: DnsServerForTests;
let running: Running;
let mail: MailIn;
let node: SecondNode;

beforeAll(async () => {
  dns = await startDns({
    "_dmarc.bank.example": { TXT: ["v=DMARC1; p=reject"] },
    "bank.example": { TXT: ["v=spf1 -all"] },
    // The sender's own domain says yes to us all.
    "sender.example": { TXT: ["v=spf1 ip4:127.0.0.1 -all"] },
    "arc._domainkey.sender.example": {
      TXT: [dkimTxtRecord({ algorithm: "rsa-sha256", private_key: privateKey }).match(/.{1,255}/g)],
    },
  });
  running = await run({ MULTIMAIL_DNS: dns.address });
  mail = mailIn(running);
  node = await secondNode(running);
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
  await dns?.close();
});

let counter = 0;
const letter = (from: string, subject: string): string =>
  [
    `From: Billing <${from}>`,
    `To: ${running.known.mailbox_address}`,
    `Subject: ${subject}`,
    `Date: Sat, 21 Nov 2026 10:00:00 +0000`,
    `Message-ID: <${++counter}@sender.example>`,
    "",
    "Hello, the report of the week is ready.",
    "",
  ].join("\r\n");

/** Hands it in from the sender's own envelope; what became of it. */
async function arrives(data: string, subject: string): Promise<Answer["body"]> {
  const to = running.known.mailbox_address;
  expect(await mail.raw("anyone@sender.example", to, data)).toMatch(/^250 /);
  return mail.received(subject);
}

test("the sender's own domain in From is mail like any other", async () => {
  const { status } = await arrives(letter("anyone@sender.example", "Honest"), "Honest");
  // As unread mail that was read just now.
  expect(status).toBe("read");
});

describe("a foreign domain in From", () => {
  test.each([
    ["a header like any other", (all: string) => all],
    ["a first line of one space", (all: string) => ` \r\n${all}`],
    ["a line of a mailbox file in front", (all: string) => `From x@y Sat Jan  3 2026\r\n${all}`],
    ["no empty line before the body", (all: string) => all.replace("\r\n\r\nHello,", "\r\nHello,")],
    [
      "another From behind a name too long to be shown",
      (all: string) =>
        all.replace("\r\n\r\n", `\r\n${"x".repeat(300)}: 1\r\nFrom: anyone@sender.example\r\n\r\n`),
    ],
  ])("fails its policy with %s", async (name, malform) => {
    const subject = `With ${name}`;
    const body = await arrives(malform(letter("billing@bank.example", subject)), subject);
    expect(body).toMatchObject({
      from: "billing@bank.example",
      status: expect.stringMatching(/^spam_/),
      authentication: { dmarc: { result: "fail", disposition: "reject" } },
    });
  });

  test("gains nothing by the seal of whoever sends it", async () => {
    const data = letter("billing@bank.example", "Sealed");
    const seal = await sealMessage(Buffer.from(data), {
      signingDomain: "sender.example",
      selector: "arc",
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
      cv: "none",
      authResults: "sender.example; dmarc=pass header.from=bank.example",
    });
    const body = await arrives(`${seal.toString("latin1")}${data}`, "Sealed");
    expect(body.authentication.arc).toMatchObject({ cv: "pass", trusted: false });
    expect(body.status).toMatch(/^spam_/);
  });

  test("waits for a person where its policy cannot be learnt, also when asked for again", async () => {
    dns.fault("_dmarc.other.example", "servfail");
    const data = letter("billing@other.example", "Nobody knows");
    const to = running.known.mailbox_address;
    expect(await mail.raw("anyone@sender.example", to, data)).toMatch(/^250 /);
    const putBack = (): Promise<{ attempts: number }[]> =>
      node.as((tx) =>
        tx.named(
          "put_back",
          `SELECT i.attempts FROM inbound i JOIN due d ON d.operator_id = i.operator_id AND d.message_id = i.inbound_id
           WHERE i.operator_id = $1 AND d.kind = 'receive' AND d.node IS NULL AND d.due_at > now()`,
          [tx.operator_id],
        ),
      );
    for (const attempts of [1, 2]) {
      await expect.poll(putBack, { timeout: 20_000 }).toEqual([{ attempts }]);
      await node.asOwner("UPDATE due SET due_at = now() WHERE kind = 'receive'");
    }
    const body = await mail.received("Nobody knows");
    expect(body.authentication.dmarc.result).toBe("temperror");
    expect(body.status).toBe("spam_flagged");
    expect(body.reason).toContain("DMARC could not be evaluated");
  });

  test("beside the sender's own waits for a person", async () => {
    const from = "billing@bank.example>, Me <anyone@sender.example";
    const data = letter(from, "Two of them").replace("To:", "Sender: anyone@sender.example\r\nTo:");
    const body = await arrives(data, "Two of them");
    expect(body.authentication.dmarc.result).toBe("permerror");
    expect(body.status).toBe("spam_flagged");
  });
});

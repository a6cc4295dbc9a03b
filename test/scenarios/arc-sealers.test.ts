/** The word of a forwarder counts where the settings name it, and only there. */
import { generateKeyPairSync } from "node:crypto";
import { sealMessage } from "mailauth/lib/arc/index.js";
import { pino } from "pino";
import { afterAll, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { openReading } from "../../src/mail-reading.ts";
import { dkimTxtRecord } from "../../src/mail/dkim.ts";
import { startDns } from "../dns/server.ts";

const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

test("MULTIMAIL_ARC_SEALERS names whose seals are trusted", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const dns = await startDns({
    "arc._domainkey.lists.example": {
      TXT: [dkimTxtRecord({ algorithm: "rsa-sha256", private_key: privateKey }).match(/.{1,255}/g)],
    },
    "_dmarc.example.com": { TXT: ["v=DMARC1; p=reject"] },
    "example.com": { TXT: ["v=spf1 -all"] },
  });
  ends.push(() => dns.close());
  const mail = Buffer.from("From: ada@example.com\r\nSubject: x\r\n\r\nHello.\r\n");
  const seal = await sealMessage(mail, {
    signingDomain: "lists.example",
    selector: "arc",
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
    cv: "none",
    authResults: "lists.example; dmarc=pass header.from=example.com",
  });
  const verdict = async (sealers: string | undefined) => {
    const config = readConfig({
      MULTIMAIL_DNS: dns.address,
      ...(sealers === undefined ? {} : { MULTIMAIL_ARC_SEALERS: sealers }),
    });
    const reading = openReading(config, () => new Date(), pino({ level: "silent" }));
    ends.push(() => reading.close());
    const { arc, dmarc } = await reading.mail.authenticate(Buffer.concat([seal, mail]), {
      remote_address: "198.51.100.9",
      helo: "lists.example",
      from: "list@lists.example",
    });
    return { cv: arc?.cv, trusted: arc?.trusted, disposition: dmarc?.disposition };
  };
  const chain = { cv: "pass" };
  const untrusted = { ...chain, trusted: false, disposition: "reject" };
  expect(await verdict(undefined)).toEqual(untrusted);
  expect(await verdict("other.example,example.com")).toEqual(untrusted);
  expect(await verdict("other.example,lists.example")).toEqual({
    ...chain,
    trusted: true,
    disposition: "none",
  });
});

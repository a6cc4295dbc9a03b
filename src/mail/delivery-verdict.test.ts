/** What replies of real server families are judged to mean, and that nothing but a dead address is ever suppressed. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deliveryVerdict } from "./delivery-verdict.ts";

/** Splits `550 5.1.1 text` as the SMTP client does. */
function judged(line: string) {
  const [, code, enhanced, text] = /^(\d{3})?[ -]?([245]\.\d+\.\d+)?\s*([\s\S]*)$/.exec(line) ?? [];
  return deliveryVerdict({
    code: code ? Number(code) : null,
    enhanced: enhanced ?? null,
    text: text ?? "",
  });
}

describe("dead addresses are hard and suppressed", () => {
  test.each([
    "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. https://support.google.com/mail/?p=NoSuchUser a1-20020a - gsmtp",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found",
    "550 5.4.1 Recipient address rejected: Access denied. [AM0EUR02FT012.eop-EUR02.prod.protection.outlook.com]",
    "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
    "554 delivery error: dd This user doesn't have a yahoo.com account (nobody@yahoo.com) [0] - mta1.mail.bf1.yahoo.com",
    "552 1 Requested mail action aborted, mailbox not found",
    "550 5.1.1 User Unknown - ZohoMail",
    "550 5.1.1 <nobody@example.net>: Recipient address rejected: User unknown in virtual mailbox table",
    "550 5.1.1 <nobody@example.net>: Recipient address rejected: User unknown in local recipient table",
    "550 Unrouteable address",
    "550 unknown user",
    "550 No Such User Here",
    "5.1.1 Sorry, no mailbox here by that name. (#5.1.1)",
    "550 5.1.1 <x@example.com>... User unknown",
    "550 5.1.1 spam-trap@blocklist.example: user unknown",
    "550 5.1.2 Bad destination system address",
    "550 Host or domain name not found",
    "5.4.4 Host or domain name not found. Name service error for name=nowhere.example type=AAAA: Host not found",
    "556 5.1.10 Domain does not accept mail (nullMX)",
    "550 5.1.0 Address rejected",
    "550 5.2.1 The email account that you tried to reach is disabled. Learn more at https://support.google.com/mail/?p=DisabledUser",
    "550 5.2.1 This mailbox has been closed",
    "550 Message was not accepted -- invalid mailbox. Local mailbox x@mail.ru is unavailable: user not found",
    "550 MXPTS2,User not found: nobody@163.com",
    "550 Mailbox not found. http://service.mail.qq.com",
    "550 Requested action not taken: mailbox unavailable",
    "554 5.1.1 Empfänger unbekannt",
    "550 5.1.6 Recipient no longer on server",
    "550 #5.1.0 Address rejected nobody@example.com",
    "550 Administrative: no such user",
    "no such user here",
  ])("%s", (line) => {
    expect(judged(line)).toMatchObject({
      verdict: "hard",
      scope: "recipient",
      suppress: true,
      retry: false,
    });
  });
});

describe("what is not the address's fault never suppresses", () => {
  test.each([
    [
      "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
      "block",
      "host",
      false,
    ],
    [
      "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140).",
      "block",
      "host",
      false,
    ],
    [
      "550 5.1.1 <bob@example.net>: user unknown; blocked using bl.spamcop.net",
      "block",
      "host",
      false,
    ],
    ["550 5.7.606 Access denied, banned sending IP [192.0.2.1]", "block", "host", false],
    [
      "550 5.7.1 [192.0.2.1] Our system has detected an unusual rate of unsolicited mail originating from your IP address.",
      "block",
      "host",
      false,
    ],
    [
      "550 5.7.25 The IP address sending this message does not have a PTR record",
      "block",
      "host",
      false,
    ],
    ["550 Your server's reputation is too low", "block", "host", false],
    [
      "550 5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy.",
      "policy",
      "message",
      false,
    ],
    ["550 5.7.1 Message rejected due to content", "policy", "recipient", false],
    ["554 Message rejected as spam by Content Filtering", "policy", "message", false],
    ["550 5.7.1 no such user", "policy", "recipient", false],
    ["550 5.7.1 <bob@example.net>: Relay access denied", "policy", "recipient", false],
    ["554 5.7.1 <bob@example.net>: Relay access denied", "policy", "recipient", false],
    ["554 DT:SPM 163 smtp1,please see http://mail.163.com/help", "policy", "message", false],
    ["550 5.1.8 Sender address rejected: Domain not found", "policy", "message", false],
    ["550 5.1.0 sender rejected", "policy", "message", false],
    ["552 5.3.4 Message size exceeds fixed limit", "policy", "message", false],
    ["552 Message size exceeds maximum permitted", "policy", "message", false],
    [
      "552 5.2.2 The email account that you tried to reach is over quota.",
      "soft",
      "recipient",
      true,
    ],
    ["552 mailbox full", "soft", "recipient", true],
    [
      "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException",
      "soft",
      "recipient",
      true,
    ],
    ["550 Mailbox quota exceeded", "soft", "recipient", true],
    [
      "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.",
      "soft",
      "recipient",
      true,
    ],
    ["550 5.2.1 not now", "hard", "recipient", false],
    ["550 This account is suspended", "hard", "recipient", false],
    ["501 5.1.3 Bad recipient address syntax", "hard", "recipient", false],
    ["554 5.4.6 Too many hops", "soft", "recipient", false],
    ["554 5.4.14 Hop count exceeded - possible mail loop", "soft", "recipient", false],
    ["554 5.3.0 Other mail system problem", "soft", "host", false],
    ["503 5.5.1 RCPT first", "ours", "message", true],
    ["503 no such user", "ours", "message", true],
    ["500 unrecognized command", "ours", "message", true],
    ["501 Syntax error in parameters", "ours", "message", true],
    ["504 Command parameter not implemented", "ours", "message", true],
    ["535 5.7.8 Authentication credentials invalid", "ours", "host", true],
    ["530 5.7.0 Must issue a STARTTLS command first", "ours", "host", true],
    ["550 rejected", "policy", "message", false],
    ["554 5.0.0 something", "policy", "message", false],
    ["554 5.6.1 Body type not supported", "policy", "message", false],
  ])("%s", (line, verdict, scope, retry) => {
    expect(judged(line)).toMatchObject({ verdict, scope, retry, suppress: false });
  });
});

describe("a 4xx is tried again, after the wait it names", () => {
  test.each([
    ["421 4.7.0 Try again later, closing connection.", "temporary", "host", null],
    [
      "421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address.",
      "temporary",
      "host",
      null,
    ],
    [
      "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints",
      "temporary",
      "host",
      null,
    ],
    ["450 4.7.0 too many connections, slow down", "temporary", "host", null],
    [
      "451 4.7.651 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation",
      "temporary",
      "host",
      null,
    ],
    [
      "450 4.2.1 The user you are trying to contact is receiving mail too quickly.",
      "temporary",
      "recipient",
      null,
    ],
    [
      "452 4.2.2 The email account that you tried to reach is over quota",
      "soft",
      "recipient",
      null,
    ],
    ["452 4.5.3 Too many recipients", "temporary", "message", null],
    [
      "451 4.7.1 Greylisting in action, please come back in 00:04:59",
      "temporary",
      "recipient",
      299,
    ],
    [
      "450 4.2.0 <bob@example.net>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.net.html",
      "temporary",
      "recipient",
      300,
    ],
    ["451 4.3.0 Please try again in 5 minutes", "temporary", "host", 300],
    ["450 Greylisted for 60 seconds", "temporary", "recipient", 60],
    ["451 retry in 99999 hours", "temporary", "recipient", 86_400],
    ["451 try again after 0 seconds", "temporary", "recipient", 1],
    ["451 4.1.1 user unknown", "temporary", "recipient", null],
    ["450 5.1.1 user unknown", "temporary", "recipient", null],
    ["550 4.1.1 user unknown", "temporary", "recipient", null],
    ["550 Greylisted, try again in 2 minutes", "temporary", "recipient", 120],
    ["450 no such user", "temporary", "recipient", null],
  ])("%s", (line, verdict, scope, seconds) => {
    expect(judged(line)).toMatchObject({
      verdict,
      scope,
      retry: true,
      suppress: false,
      retry_after_seconds: seconds,
    });
  });
});

test("a 4xx and a 5.7.x never suppress, whatever the words", () => {
  const words = fc.constantFrom(
    "user unknown",
    "no such user",
    "mailbox disabled",
    "host not found",
    "Unrouteable address",
  );
  const numbers = fc.oneof(
    fc.record({
      code: fc.integer({ min: 400, max: 499 }),
      enhanced: fc.constantFrom(null, "5.1.1", "4.1.1"),
    }),
    fc.record({
      code: fc.integer({ min: 500, max: 599 }).filter((code) => code !== 556),
      enhanced: fc.nat(999).map((n) => `5.7.${n}`),
    }),
  );
  fc.assert(
    fc.property(numbers, words, fc.string(), (number, text, more) => {
      expect(deliveryVerdict({ ...number, text: `${more} ${text}` }).suppress).toBe(false);
    }),
  );
});

test("long hostile text is judged in bounded time", () => {
  const start = process.cpuUsage();
  for (const piece of [
    "user ",
    "mailbox account ",
    "a@",
    "over ",
    "<",
    "quota storage ",
    "in 1 ",
    "host domain ",
  ])
    deliveryVerdict({ code: 550, enhanced: null, text: piece.repeat(200_000) });
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000);
});

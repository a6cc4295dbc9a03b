/** A running instance that delivers directly, and a real Postfix with its people: mail there, answers and bounces back. */
import { randomInt } from "node:crypto";
import { createTransport } from "nodemailer";
import type { SendMailOptions } from "nodemailer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { digestAsReceived } from "../../src/mail/digest.ts";
import { parseMail } from "../../src/mail/parse.ts";
import type { PublicKeys } from "../../src/audit/bundle-format.ts";
import { startDns } from "../dns/server.ts";
import type { DnsServerForTests } from "../dns/server.ts";
import { type Answer, type Running, run, signIn } from "../scenarios/running.ts";
import { setMode } from "../scenarios/people.ts";
import { type SecondNode, secondNode } from "../scenarios/second-node.ts";
import {
  dkimpyVerdicts,
  fieldsOf,
  hasDkimpy,
  hasOpendkim,
  opendkimVerdicts,
} from "../scenarios/verifiers.ts";
import { type Greylist, startGreylist } from "./greylist.ts";
import { type OpendkimSigner, no_opendkim, startOpendkim } from "./opendkim-signer.ts";
import { type PostfixPeer, no_postfix, startPostfix } from "./postfix-peer.ts";

/** Where people's mail programs are; what comes from there, Postfix takes for anybody. */
const CLIENT = "127.0.0.9";
const PORT = randomInt(20_000, 30_000);

describe.skipIf(no_postfix || no_opendkim)("with Postfix and OpenDKIM", () => {
  let dns: DnsServerForTests;
  let running: Running;
  let node: SecondNode;
  let people: PostfixPeer;
  let far: PostfixPeer;
  let greylist: Greylist;
  let signer: OpendkimSigner;
  let keys: PublicKeys;

  beforeAll(async () => {
    dns = await startDns({
      "people.test": {
        MX: [{ preference: 10, exchange: "mx.people.test" }],
        TXT: [["v=spf1 ip4:127.0.0.2 -all"]],
      },
      "mx.people.test": { A: ["127.0.0.2"] },
      "gateway.test": { MX: [{ preference: 10, exchange: "mx.people.test" }] },
      "bank.test": { TXT: [["v=spf1 -all"]] },
      "_dmarc.bank.test": { TXT: [["v=DMARC1; p=reject"]] },
      "_dmarc.people.test": { TXT: [["v=DMARC1; p=reject; adkim=s; aspf=s"]] },
    });
    signer = await startOpendkim("people.test", CLIENT, PORT + 1);
    dns.put("s1._domainkey.people.test", { TXT: [signer.record.match(/.{1,200}/g)] });
    running = await run({
      MULTIMAIL_DELIVERY: "direct",
      MULTIMAIL_DNS: dns.address,
      MULTIMAIL_DIRECT_PORT: String(PORT),
      MULTIMAIL_PRIVATE_TARGETS: "yes",
      MULTIMAIL_DOMAIN: "agents.test",
    });
    node = await secondNode(running);
    await setMode(running, await signIn(running), running.known.mailbox_id, "autonomous");
    const { port } = running.instance.smtp!.inbound;
    greylist = await startGreylist(["grey@people.test"]);
    const inbound = `127.0.0.1:${port}`;
    people = await startPostfix({
      address: "127.0.0.2",
      port: PORT,
      hostname: "mx.people.test",
      domain: "people.test",
      people: ["ada", "grace", "hidden", "grey"],
      client: CLIENT,
      relays_for: ["gateway.test"],
      routes: {
        "agents.test": inbound,
        "bounces.agents.test": inbound,
        "gateway.test": `127.0.0.3:${PORT}`,
      },
      policy: greylist.at,
      milter: signer.milter,
    });
    far = await startPostfix({
      address: "127.0.0.3",
      port: PORT,
      hostname: "mx.gateway.test",
      domain: "gateway.test",
      people: ["known"],
    });
    keys = (await running.call(running.known.agent_key, "/v1/public-keys")).body;
  });
  afterAll(async () => {
    await node?.close();
    await running?.stop();
    await Promise.all([people?.stop(), far?.stop(), signer?.stop(), greylist?.stop()]);
    await dns?.close();
  });

  const send = async (message: Record<string, unknown>): Promise<Answer["body"]> => {
    const { status, body } = await running.send(message);
    expect(status, JSON.stringify(body)).toBe(202);
    return body;
  };

  /** Sends as a person does, through Postfix. */
  async function write(mail: SendMailOptions): Promise<void> {
    const transport = createTransport({
      host: "127.0.0.2",
      port: PORT,
      localAddress: CLIENT,
      tls: { rejectUnauthorized: false },
    });
    await transport.sendMail(mail);
    transport.close();
  }

  /** The received message with this subject, whole, once it is there. */
  async function received(subject: string): Promise<Answer["body"]> {
    const box = `/v1/mailboxes/${running.known.mailbox_id}/emails`;
    const key = running.known.oversight_key;
    for (let i = 0; i < 600; i++) {
      for (const status of ["", "&status=spam_flagged", "&status=spam_quarantined"]) {
        const query = `?direction=inbound&subject_contains=${encodeURIComponent(subject)}${status}`;
        const { body } = await running.call(key, box + query);
        const [found] = body.emails;
        if (found) return (await running.call(key, `${box}/${found.id}`)).body;
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`nothing with the subject ${subject} came: ${await people.log()}`);
  }

  const copyIn = async (person: string, subject: string): Promise<Buffer> => {
    for (let count = 1; ; count++) {
      const mails = await people.inbox(person, count);
      const found = mails.find((mail) => mail.includes(`Subject: ${subject}\r\n`));
      if (found) return found;
    }
  };

  describe("mail to its people", () => {
    const subject = "An order is on its way";
    let sent: Answer["body"];
    const copies = new Map<string, Buffer>();

    beforeAll(async () => {
      const { id } = await send({
        to: ['"Lovelace, Ada" <ada@people.test>'],
        cc: ["grace@people.test"],
        bcc: ["hidden@people.test"],
        subject,
        markdown: "Dear **Ädä**,\n\n.a line with a dot\n\n-- \nthe agent   \n\n\n",
        attachments: [
          { filename: "ä.csv", content: Buffer.alloc(40_000, "\0\r\n.\r\n").toString("base64") },
        ],
      });
      sent = await running.settled(id, "delivered", "pending_send_approval");
      if (sent.status !== "delivered") throw new Error(sent.reason);
      for (const person of ["ada", "grace", "hidden"])
        copies.set(`${person}@people.test`, await copyIn(person, subject));
    });

    test("is found by MX, goes over STARTTLS, and each recipient gets a copy of their own", () => {
      for (const [address, mail] of copies) {
        const [trace] = fieldsOf(mail).filter(({ key }) => key === "received");
        expect(trace?.value).toMatch(/using TLSv1\.3/);
        expect(trace?.value).toContain("by mx.people.test (Postfix)");
        const of = (name: string) =>
          fieldsOf(mail)
            .filter(({ key }) => key === name)
            .map(({ value }) => value);
        expect(of("delivered-to")).toEqual([address]);
        expect(of("return-path")[0]).toMatch(/^<[0-9a-hjkmnp-tv-z]{64}@bounces\.agents\.test>$/);
        expect(of("list-unsubscribe")[0]).toMatch(/^<http.*>, <mailto:unsubscribe@agents\.test/);
        expect(of("list-unsubscribe-post")).toEqual(["List-Unsubscribe=One-Click"]);
        expect(of("message-id")).toEqual([sent.message_id]);
        expect(of("bcc")).toEqual([]);
        // In the hidden one's own copy Postfix itself writes the address into its trace.
        if (!address.startsWith("hidden")) expect(mail.toString("latin1")).not.toContain("hidden@");
      }
      expect(sent.recipients.map(({ status }: { status: string }) => status)).toEqual([
        "delivered",
        "delivered",
        "delivered",
      ]);
    });

    test("is stored byte for byte as it was approved", async () => {
      const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${sent.id}/proof`;
      const { body } = await running.call(running.known.agent_key, path);
      for (const [address, mail] of copies) {
        const { token } = body.recipients.find(
          (one: { address: string }) => one.address === address,
        );
        expect(digestAsReceived(mail, token, [...copies.keys()])).toBe(sent.digest);
      }
    });

    test.skipIf(!hasDkimpy)("is verified there by dkimpy, with both signatures", () => {
      expect(dkimpyVerdicts([...copies.values()], keys.dkim)).toEqual(
        [...copies].map(() => [true, true]),
      );
    });

    test.skipIf(!hasOpendkim)("is verified there by opendkim, with both signatures", () => {
      for (const mail of copies.values())
        expect(opendkimVerdicts(mail, keys.dkim)).toEqual([true, true]);
    });
  });

  test("a recipient refused at RCPT bounces alone, with Postfix's words", async () => {
    const to = ["nobody@people.test", "grace@people.test"];
    const { id } = await send({ to, subject: "To one who is and one who is not" });
    await copyIn("grace", "To one who is and one who is not");
    const message = await running.settled(id, "sent", "delivered", "bounced");
    const [bounced, taken] = message.recipients;
    expect(bounced).toMatchObject({ address: to[0], status: "bounced" });
    expect(JSON.stringify(bounced.receipt)).toContain("User unknown in virtual mailbox table");
    expect(taken).toMatchObject({ address: to[1], status: "delivered" });
    const checked = await running.call(
      running.known.admin_key,
      "/v1/suppression?q=nobody@people.test",
    );
    expect(JSON.stringify(checked.body)).toContain("nobody@people.test");
  });

  test("greylisted mail is put off and delivered by a later attempt", async () => {
    const { id } = await send({ to: ["grey@people.test"], subject: "Patience" });
    const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}`;
    let message: Answer["body"];
    do message = (await running.call(running.known.agent_key, path)).body;
    while (message.recipients[0].status !== "deferred");
    expect(JSON.stringify(message.recipients[0].receipt)).toContain("Greylisted");
    await node.asOwner(`UPDATE due SET due_at = now() WHERE message_id = '${id}'`);
    message = await running.settled(id, "delivered");
    expect(message.recipients[0].attempts).toBe(2);
    expect(await people.inbox("grey", 1)).toHaveLength(1);
  });

  test("a bounce that Postfix makes later marks the message and the recipient that it is about", async () => {
    const to = ["unknown@gateway.test", "known@gateway.test"];
    const { id } = await send({ to, subject: "Through a gateway" });
    expect(await far.inbox("known", 1)).toHaveLength(1);
    const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}`;
    let message: Answer["body"];
    const end = Date.now() + 20_000;
    do {
      message = (await running.call(running.known.agent_key, path)).body;
      if (Date.now() > end) throw new Error(`no bounce came: ${await people.log()}`);
    } while (message.recipients[0].status !== "bounced");
    expect(message.recipients).toMatchObject([
      { address: to[0], status: "bounced" },
      { address: to[1], status: "delivered" },
    ]);
    const alone = await send({ to: ["gone@gateway.test"], subject: "To nobody at all" });
    const bounced = await running.settled(alone.id, "bounced");
    expect(bounced.reason).toContain("5.1.1");
    // It is no mail to be read.
    const inbox = await running.call(
      running.known.agent_key,
      `/v1/mailboxes/${running.known.mailbox_id}/emails?direction=inbound&subject_contains=Undelivered`,
    );
    expect(inbox.body.emails).toEqual([]);
  });

  test("a person's mail arrives with SPF, DKIM and DMARC passed", async () => {
    await write({
      from: "Ada <ada@people.test>",
      to: "agent@agents.test",
      subject: "Frage: wo bleibt das Päckchen?",
      text: "Grüße\nAda",
      html: "<p>Grüße<br>Ada</p>",
    });
    const mail = await received("Frage");
    expect(mail).toMatchObject({ from: "ada@people.test", from_name: "Ada", status: "unread" });
    expect(mail.subject).toBe("Frage: wo bleibt das Päckchen?");
    expect(mail.authentication).toMatchObject({
      spf: { result: "pass", domain: "people.test", identity: "mailfrom" },
      dkim: [{ result: "pass", domain: "people.test", selector: "s1" }],
      dmarc: { result: "pass", policy: "reject", disposition: "none" },
    });
  });

  test("mail that only says it is from a bank fails DMARC and does not reach the inbox", async () => {
    await write({
      from: "Your Bank <service@bank.test>",
      to: "agent@agents.test",
      subject: "Confirm your account",
      text: "Please.",
    });
    const mail = await received("Confirm your account");
    expect(mail.authentication).toMatchObject({
      spf: { result: "fail" },
      dmarc: { result: "fail", domain: "bank.test", disposition: "reject" },
    });
    expect(mail.status).toMatch(/^spam_/);
  });

  test("an absence note to the return path is shown to the mailbox that wrote, and bounces nothing", async () => {
    const { id, thread_id } = await send({ to: ["ada@people.test"], subject: "Are you there?" });
    const mail = await copyIn("ada", "Are you there?");
    const path = fieldsOf(mail)
      .find(({ key }) => key === "return-path")!
      .value.slice(1, -1);
    await write({
      envelope: { from: "", to: path },
      from: "ada@people.test",
      to: path,
      subject: "Away until Monday",
      text: "I am on holiday.",
      headers: { "Auto-Submitted": "auto-replied" },
    });
    expect(await received("Away until Monday")).toMatchObject({ kind: "auto_reply", thread_id });
    expect(await running.settled(id, "delivered")).toMatchObject({ status: "delivered" });
  });

  test("a person who uses the unsubscribe address in the header is not written to again", async () => {
    await send({ to: ["grace@people.test"], subject: "The newsletter" });
    const mail = await copyIn("grace", "The newsletter");
    const header = fieldsOf(mail).find(({ key }) => key === "list-unsubscribe")!.value;
    const [, to, subject] = /<mailto:([^?>]+)\?subject=([^>]+)>/.exec(header)!;
    await write({ from: "grace@people.test", to, subject, text: "" });
    for (let i = 0; ; i++) {
      const again = await running.send({ to: ["grace@people.test"], subject: "Once more" });
      if (again.status !== 202) {
        expect(again.body.code).toBe("recipient_suppressed");
        break;
      }
      if (i > 100) throw new Error(`the request was not heard: ${await people.log()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  test("an answer joins the thread of our message, by its references or by its address alone", async () => {
    const { id, thread_id } = await send({ to: ["ada@people.test"], subject: "Two ways back" });
    const copy = await parseMail(await copyIn("ada", "Two ways back"));
    const answer = { from: "ada@people.test", text: "Yes.\n\n> Some text." };
    await write({
      ...answer,
      to: "agent@agents.test",
      subject: "Re: Two ways back, by references",
      inReplyTo: copy.message_id!,
      references: [copy.message_id!],
    });
    await write({
      ...answer,
      to: copy.reply_to[0]!.address,
      subject: "Another subject, by the address",
    });
    for (const subject of ["by references", "by the address"]) {
      const mail = await received(subject);
      expect(mail).toMatchObject({ thread_id, reply_of: id, status: "unread" });
      expect(mail.new_text.trim()).toBe("Yes.");
    }
  });
});

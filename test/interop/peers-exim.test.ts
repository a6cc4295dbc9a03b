/** A running instance that delivers directly, and a real Exim: mail there, an answer and a bounce back; skipped by name where absent. */
import { randomInt } from "node:crypto";
import { createTransport } from "nodemailer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { parseMail } from "../../src/mail/parse.ts";
import type { PublicKeys } from "../../src/audit/bundle-format.ts";
import { mx } from "../dns/mail-network.ts";
import { startDns } from "../dns/server.ts";
import type { DnsServerForTests } from "../dns/server.ts";
import { setMode } from "../scenarios/people.ts";
import { type Answer, type Running, run, signIn } from "../scenarios/running.ts";
import { dkimpyVerdicts, fieldsOf, hasDkimpy } from "../scenarios/verifiers.ts";
import { type EximPeer, no_exim, startExim } from "./exim-peer.ts";

const CLIENT = "127.0.0.8";
const PORT = randomInt(20_000, 30_000);

describe.skipIf(no_exim)("with Exim", () => {
  let dns: DnsServerForTests;
  let running: Running;
  let exim: EximPeer;

  beforeAll(async () => {
    dns = await startDns({
      "exim.test": { ...mx("mx.exim.test"), TXT: [["v=spf1 ip4:127.0.0.4 -all"]] },
      "mx.exim.test": { A: ["127.0.0.4"] },
      "_dmarc.exim.test": { TXT: [["v=DMARC1; p=reject"]] },
    });
    running = await run({
      MULTIMAIL_DELIVERY: "direct",
      MULTIMAIL_DNS: dns.address,
      MULTIMAIL_DIRECT_PORT: String(PORT),
      MULTIMAIL_PRIVATE_TARGETS: "yes",
      MULTIMAIL_DOMAIN: "agents.test",
    });
    await setMode(running, await signIn(running), running.known.mailbox_id, "autonomous");
    exim = await startExim({
      address: "127.0.0.4",
      port: PORT,
      domain: "exim.test",
      client: CLIENT,
      next_hop: `127.0.0.1:${running.instance.smtp!.inbound.port}`,
    });
    dns.put("s1._domainkey.exim.test", { TXT: [exim.dkim_record.match(/.{1,200}/g)] });
  });
  afterAll(async () => {
    await running?.stop();
    await Promise.all([exim?.stop(), dns?.close()]);
  });

  const send = async (message: Record<string, unknown>): Promise<Answer["body"]> => {
    const { status, body } = await running.send(message);
    expect(status, JSON.stringify(body)).toBe(202);
    return body;
  };

  test("mail goes over STARTTLS into its maildir and is verified there; a person's answer comes back authenticated, in its thread", async () => {
    const { id, thread_id } = await send({ to: ["ada@exim.test"], subject: "To Exim" });
    await running.settled(id, "delivered");
    const [mail] = await exim.inbox(1);
    expect(fieldsOf(mail!).find(({ key }) => key === "received")?.value).toMatch(
      /with esmtps +\(TLS1\.3\)/,
    );
    const keys: PublicKeys = (await running.call(running.known.agent_key, "/v1/public-keys")).body;
    if (hasDkimpy) expect(dkimpyVerdicts([mail!], keys.dkim)).toEqual([[true, true]]);

    const copy = await parseMail(mail!);
    const transport = createTransport({
      host: "127.0.0.4",
      port: PORT,
      localAddress: CLIENT,
      tls: { rejectUnauthorized: false },
    });
    await transport.sendMail({
      from: "ada@exim.test",
      to: copy.reply_to[0]!.address,
      subject: "Re: To Exim",
      text: "Thanks.",
      inReplyTo: copy.message_id!,
    });
    transport.close();
    const box = `/v1/mailboxes/${running.known.mailbox_id}/emails`;
    let found: Answer["body"];
    for (let i = 0; found === undefined; i++) {
      if (i > 600) throw new Error(await exim.log());
      const { body } = await running.call(running.known.agent_key, `${box}?direction=inbound`);
      [found] = body.emails;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    const answer = (await running.call(running.known.agent_key, `${box}/${found.id}`)).body;
    expect(answer).toMatchObject({
      from: "ada@exim.test",
      thread_id,
      reply_of: id,
      authentication: {
        spf: { result: "pass" },
        dkim: [{ result: "pass", domain: "exim.test" }],
        dmarc: { result: "pass" },
      },
    });
  });

  test("a recipient that Exim refuses bounces at once, and one that it gives up on bounces later", async () => {
    const refused = await send({ to: ["nobody@exim.test"], subject: "To nobody" });
    const now = await running.settled(refused.id, "bounced");
    expect(JSON.stringify(now.recipients)).toContain("there is no such person");
    const late = await send({ to: ["late@exim.test"], subject: "Too late" });
    const later = await running.settled(late.id, "bounced");
    expect(later.recipients).toMatchObject([{ address: "late@exim.test", status: "bounced" }]);
    expect(later.reason).toContain("moved away");
  });
});

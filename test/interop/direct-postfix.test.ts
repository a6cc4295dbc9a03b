/** Direct delivery into a real Postfix, found by MX, over STARTTLS, under MTA-STS and DANE; skipped by name where it cannot run. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, watch } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";

import { closeNetwork, mx, sendTo, startNetwork } from "../dns/mail-network.ts";
import type { MailNetwork } from "../dns/mail-network.ts";
import { tlsa } from "../dns/authority.ts";
import { selfSigned } from "../sink/self-signed.ts";

const POSTFIX = "/usr/sbin/postfix";
// It starts as root only, to become its own user.
const no_postfix = !existsSync(POSTFIX) || userInfo().uid !== 0;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  await closeNetwork();
  for (const step of undo.splice(0).reverse()) await step();
});

const tls = selfSigned(["mx.b.test"]);

const SERVICES = `
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;

interface Postfix {
  /** Resolves with the messages in the box once there are `count`. */
  inbox(count: number): Promise<string[]>;
}

async function startPostfix(address: string, port: number): Promise<Postfix> {
  const folder = await mkdtemp(join(tmpdir(), "postfix-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  const id = (flag: string) => Number(execFileSync("id", [flag, "postfix"], { encoding: "utf8" }));
  const [uid, gid] = [id("-u"), id("-g")];
  const box = join(folder, "mail/person/new");
  for (const one of ["queue", "data", "mail/person/new", "mail/person/cur", "mail/person/tmp"])
    await mkdir(join(folder, one), { recursive: true });
  for (const one of [
    "data",
    "mail",
    "mail/person",
    "mail/person/new",
    "mail/person/cur",
    "mail/person/tmp",
  ])
    await chown(join(folder, one), uid, gid);
  const files = {
    "main.cf": `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
myhostname = mx.b.test
mydestination =
mynetworks =
virtual_mailbox_domains = b.test
virtual_mailbox_maps = texthash:${folder}/boxes
virtual_mailbox_base = ${folder}/mail
virtual_minimum_uid = 1
virtual_uid_maps = static:${uid}
virtual_gid_maps = static:${gid}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${folder}/cert.pem
smtpd_tls_key_file = ${folder}/key.pem
smtpd_tls_received_header = yes
inet_protocols = ipv4
inet_interfaces = loopback-only
maillog_file = ${folder}/log
maillog_file_prefixes = ${folder}
`,
    "master.cf": `${address}:${port} inet n - n - - smtpd${SERVICES}`,
    boxes: "person@b.test person/\n",
    "cert.pem": tls.cert,
    "key.pem": tls.key,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const child = spawn(POSTFIX, ["-c", folder, "start-fg"], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  undo.push(async () => {
    await promisify(execFile)(POSTFIX, ["-c", folder, "stop"]).catch(() => child.kill());
    await ended;
  });
  await untilGreeting(address, port, () => child.exitCode === null);
  return {
    async inbox(count) {
      const watcher = watch(box);
      try {
        for (;;) {
          const changed = new Promise((resolve) => watcher.once("change", resolve));
          const names = await readdir(box);
          if (names.length >= count)
            return await Promise.all(names.map((name) => readFile(join(box, name), "latin1")));
          await changed;
        }
      } finally {
        watcher.close();
      }
    },
  };
}

async function untilGreeting(host: string, port: number, alive: () => boolean): Promise<void> {
  while (alive()) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect({ host, port });
      socket.once("data", () => socket.end("QUIT\r\n", () => resolve(true)));
      socket.once("error", () => resolve(false));
    });
    if (there) return;
  }
  throw new Error("Postfix ended");
}

async function network(): Promise<{ net: MailNetwork; postfix: Postfix }> {
  const net = await startNetwork({
    "b.test": mx("dead.b.test", "mx.b.test"),
    "dead.b.test": { A: ["127.0.0.7"] },
    "mx.b.test": { A: ["127.0.0.2"] },
  });
  return { net, postfix: await startPostfix("127.0.0.2", net.port) };
}

test.skipIf(no_postfix)(
  "Postfix takes mail found by MX over STARTTLS, and its refusals come through recipient by recipient",
  async () => {
    const { net, postfix } = await network();
    const direct = net.direct();
    const { recipients, connection } = await sendTo(direct, "person@b.test");
    expect(recipients[0]).toMatchObject({ outcome: "accepted", reply: { enhanced: "2.0.0" } });
    expect(connection).toMatchObject({
      host: "mx.b.test",
      address: "127.0.0.2",
      tls: { version: "TLSv1.3", policy: "none", verified: false },
    });
    const [mail] = await postfix.inbox(1);
    expect(mail).toContain("using TLSv1.3");
    expect(mail).toContain("\n.dot\n..\nbye\n");
    expect((await sendTo(direct, "nobody@b.test")).recipients[0]).toMatchObject({
      outcome: "permanent",
      stage: "rcpt",
      reply: { code: 550, enhanced: "5.1.1" },
    });
    const many = await Promise.all(
      Array.from({ length: 60 }, () => sendTo(direct, "person@b.test")),
    );
    expect(many.filter((one) => one.recipients[0]!.outcome !== "accepted")).toEqual([]);
    expect(await postfix.inbox(61)).toHaveLength(61);
  },
);

test.skipIf(no_postfix)(
  "Postfix's certificate is verified under MTA-STS and under DANE, and a wrong one gets no mail",
  async () => {
    const { net, postfix } = await network();
    net.dns.put("_mta-sts.b.test", { TXT: [["v=STSv1; id=1;"]] });
    const fetch_policy = () =>
      Promise.resolve("version: STSv1\nmode: enforce\nmx: mx.b.test\nmax_age: 86400\n");
    const trusting = net.direct({ fetch_policy, ca: tls.cert });
    expect((await sendTo(trusting, "person@b.test")).connection.tls).toMatchObject({
      policy: "mta-sts",
      verified: true,
    });
    const wary = net.direct({ fetch_policy });
    expect((await sendTo(wary, "person@b.test")).recipients[0]!.reason).toBe("tls_failed");

    net.dns.sign("b.test");
    const place = `_${net.port}._tcp.mx.b.test`;
    net.dns.put(place, { TLSA: [tlsa(tls.cert, 3, 1, 1)] });
    net.pass(301_000);
    const dane = net.direct({ dane: true });
    expect((await sendTo(dane, "person@b.test")).connection.tls).toMatchObject({
      policy: "dane",
      verified: true,
    });
    net.dns.put(place, { TLSA: [tlsa(selfSigned(["mx.b.test"]).cert, 3, 1, 1)] });
    net.pass(301_000);
    expect((await sendTo(dane, "person@b.test")).recipients[0]!.reason).toBe("tls_failed");
    expect(await postfix.inbox(2)).toHaveLength(2);
  },
);

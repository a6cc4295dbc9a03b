/** A real Postfix with a configuration, queue and address of its own: it takes mail into maildirs, relays for people, and bounces. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { selfSigned } from "../sink/self-signed.ts";
import type { KeyAndCertificate } from "../sink/self-signed.ts";
import { maildir } from "./maildir.ts";

const POSTFIX = "/usr/sbin/postfix";
/** It starts as root only, to become its own user. */
export const no_postfix = !existsSync(POSTFIX) || userInfo().uid !== 0;

export interface PostfixWish {
  /** Where it listens and whence it connects, such as `127.0.0.2`. */
  readonly address: string;
  readonly port: number;
  readonly hostname: string;
  /** Its domain, with a maildir for each of `people`; others are refused. */
  readonly domain: string;
  readonly people: readonly string[];
  /** Address of a client that may send to anywhere, as a person's mail program does. */
  readonly client?: string;
  /** Next hops by domain, `domain` to `host:port`; nothing is looked up in DNS. */
  readonly routes?: Readonly<Record<string, string>>;
  /** Domains that it takes any recipient for and passes on by `routes`. */
  readonly relays_for?: readonly string[];
  /** A policy server at each RCPT, `host:port`. */
  readonly policy?: string;
  /** A milter, `host:port`. */
  readonly milter?: string;
  readonly tls?: KeyAndCertificate;
}

export interface PostfixPeer {
  /** The messages of a person, octet by octet with CRLF, once there are `count`; 20 seconds at most. */
  inbox(person: string, count: number): Promise<Buffer[]>;
  /** Its log, for a test that wonders. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

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
smtp unix - - n - - smtp
relay unix - - n - - smtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;

function mainCf(wish: PostfixWish, folder: string, uid: number, gid: number): string {
  const restrictions = [
    "reject_unauth_destination",
    ...(wish.policy === undefined ? [] : [`check_policy_service inet:${wish.policy}`]),
  ].join(", ");
  return `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
myhostname = ${wish.hostname}
myorigin = ${wish.domain}
mydestination =
mynetworks = ${wish.client ?? ""}
relay_domains = ${(wish.relays_for ?? []).join(" ")}
transport_maps = texthash:${folder}/routes
disable_dns_lookups = yes
smtp_host_lookup = native
smtp_bind_address = ${wish.address}
smtp_tls_security_level = may
virtual_mailbox_domains = ${wish.domain}
virtual_mailbox_maps = texthash:${folder}/boxes
virtual_mailbox_base = ${folder}/mail
virtual_minimum_uid = 1
virtual_uid_maps = static:${uid}
virtual_gid_maps = static:${gid}
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = permit_mynetworks, ${restrictions}
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${folder}/cert.pem
smtpd_tls_key_file = ${folder}/key.pem
smtpd_tls_received_header = yes
${wish.milter === undefined ? "" : `smtpd_milters = inet:${wish.milter}\nmilter_default_action = tempfail`}
inet_protocols = ipv4
inet_interfaces = loopback-only
maillog_file = ${folder}/log
maillog_file_prefixes = ${folder}
`;
}

/** Starts it; resolves when it greets. */
export async function startPostfix(wish: PostfixWish): Promise<PostfixPeer> {
  const folder = await mkdtemp(join(tmpdir(), "postfix-"));
  await chmod(folder, 0o755);
  const id = (flag: string) => Number(execFileSync("id", [flag, "postfix"], { encoding: "utf8" }));
  const [uid, gid] = [id("-u"), id("-g")];
  await mkdir(join(folder, "queue"));
  const owned = [
    "data",
    "mail",
    ...wish.people.flatMap((one) =>
      ["", "/new", "/cur", "/tmp"].map((part) => `mail/${one}${part}`),
    ),
  ];
  for (const one of owned) {
    await mkdir(join(folder, one));
    await chown(join(folder, one), uid, gid);
  }
  const tls = wish.tls ?? selfSigned([wish.hostname]);
  const files = {
    "main.cf": mainCf(wish, folder, uid, gid),
    "master.cf": `${wish.address}:${wish.port} inet n - n - - smtpd${SERVICES}`,
    boxes: wish.people.map((one) => `${one}@${wish.domain} ${one}/\n`).join(""),
    routes: Object.entries(wish.routes ?? {})
      .map(([domain, hop]) => `${domain} smtp:[${hop.split(":")[0]}]:${hop.split(":")[1]}\n`)
      .join(""),
    "cert.pem": tls.cert,
    "key.pem": tls.key,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const child = spawn(POSTFIX, ["-c", folder, "start-fg"], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async (): Promise<void> => {
    await promisify(execFile)(POSTFIX, ["-c", folder, "stop"]).catch(() => child.kill());
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  await untilGreeting(wish.address, wish.port, () => child.exitCode === null);
  return {
    inbox: (person, count) => maildir(join(folder, "mail", person, "new"), count),
    log: () => readFile(join(folder, "log"), "utf8"),
    stop,
  };
}

/** Resolves when an SMTP server greets there; throws once `alive` says no. */
export async function untilGreeting(
  host: string,
  port: number,
  alive: () => boolean,
): Promise<void> {
  while (alive()) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect({ host, port });
      socket.once("data", () => socket.end("QUIT\r\n", () => resolve(true)));
      socket.once("error", () => resolve(false));
    });
    if (there) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("the mail server ended before it greeted");
}

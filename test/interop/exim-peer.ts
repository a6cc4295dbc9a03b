/** A real Exim with a configuration, spool and address of its own: takes mail into a maildir, signs and relays for people, and bounces. */
import { execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

import { selfSigned } from "../sink/self-signed.ts";
import { maildir } from "./maildir.ts";
import { untilGreeting } from "./postfix-peer.ts";

/** Debian has no two mail servers at once, so Exim may also lie elsewhere. */
const EXIM = process.env["EXIM4"] ?? "/usr/sbin/exim4";
/** It starts as root only, to become its own user. */
export const no_exim = !existsSync(EXIM) || userInfo().uid !== 0;

export interface EximWish {
  readonly address: string;
  readonly port: number;
  readonly domain: string;
  /** Address of a client that may send to anywhere. */
  readonly client: string;
  /** `host:port` of the next hop of all mail to others. */
  readonly next_hop: string;
}

export interface EximPeer {
  /** The messages of `ada`, once there are `count`. */
  inbox(count: number): Promise<Buffer[]>;
  /** The record of `s1._domainkey.<domain>`. */
  readonly dkim_record: string;
  log(): Promise<string>;
  stop(): Promise<void>;
}

function configuration(wish: EximWish, folder: string): string {
  const [host, port] = wish.next_hop.split(":");
  return `
primary_hostname = mx.${wish.domain}
exim_path = ${EXIM}
keep_environment =
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
pid_file_path = ${folder}/spool/pid
local_interfaces = <; ${wish.address}.${wish.port}
domainlist here = ${wish.domain}
hostlist clients = ${wish.client}
acl_smtp_rcpt = rcpt
tls_advertise_hosts = *
tls_certificate = ${folder}/cert.pem
tls_privatekey = ${folder}/key.pem
deliver_drop_privilege
host_lookup =
rfc1413_query_timeout = 0s
never_users =
disable_ipv6
bounce_return_body

begin acl
rcpt:
  accept hosts = +clients
  require message = relaying is not for you
          domains = +here
  require message = there is no such person
          local_parts = ada : late
  accept

begin routers
out:
  driver = manualroute
  domains = ! +here
  route_list = * ${host} byname
  transport = smtp
  self = send
late:
  driver = redirect
  local_parts = late
  allow_fail
  data = :fail: 550 5.1.1 she has moved away
box:
  driver = accept
  local_parts = ada
  transport = box

begin transports
smtp:
  driver = smtp
  port = ${port}
  interface = ${wish.address}
  allow_localhost
  dkim_domain = ${wish.domain}
  dkim_selector = s1
  dkim_private_key = ${folder}/dkim.pem
  dkim_canon = relaxed
box:
  driver = appendfile
  directory = ${folder}/mail
  maildir_format
  delivery_date_add
  envelope_to_add
  return_path_add
`;
}

/** Starts it; resolves when it greets. */
export async function startExim(wish: EximWish): Promise<EximPeer> {
  const folder = await mkdtemp(join(tmpdir(), "exim-"));
  await chmod(folder, 0o755);
  const id = (flag: string) =>
    Number(execFileSync("id", [flag, "Debian-exim"], { encoding: "utf8" }));
  const [uid, gid] = [id("-u"), id("-g")];
  for (const one of ["spool", "log", "mail", "mail/new", "mail/cur", "mail/tmp"]) {
    await mkdir(join(folder, one));
    await chown(join(folder, one), uid, gid);
  }
  const tls = selfSigned([`mx.${wish.domain}`]);
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const spki = publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const secrets = {
    "cert.pem": tls.cert,
    "key.pem": tls.key,
    "dkim.pem": privateKey.export({ type: "pkcs1", format: "pem" }).toString(),
  };
  for (const [name, text] of Object.entries(secrets)) {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    await chown(join(folder, name), uid, gid);
  }
  const conf = join(folder, "exim.conf");
  await writeFile(conf, configuration(wish, folder), { mode: 0o644 });
  const child = spawn(EXIM, ["-C", conf, "-bdf", "-q1m"], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const log = async (): Promise<string> =>
    said + (await readFile(join(folder, "log/mainlog"), "utf8").catch(() => ""));
  await untilGreeting(wish.address, wish.port, () => child.exitCode === null).catch(async () => {
    throw new Error(`Exim ended: ${await log()}`);
  });
  return {
    dkim_record: `v=DKIM1; k=rsa; p=${spki}`,
    inbox: (count) => maildir(join(folder, "mail/new"), count),
    log,
    async stop() {
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

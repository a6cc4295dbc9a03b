/** OpenDKIM as a milter that signs what its people send. */
import { spawn, spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const OPENDKIM = "/usr/sbin/opendkim";
export const no_opendkim = spawnSync(OPENDKIM, ["-V"]).status !== 0;

export interface OpendkimSigner {
  /** `host:port` for Postfix. */
  readonly milter: string;
  /** The record of `<selector>._domainkey.<domain>`. */
  readonly record: string;
  stop(): Promise<void>;
}

/** Starts it for a domain with the selector `s1`. Only mail from `client` is signed. */
export async function startOpendkim(
  domain: string,
  client: string,
  port: number,
): Promise<OpendkimSigner> {
  const folder = await mkdtemp(join(tmpdir(), "opendkim-"));
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const key = join(folder, "key.pem");
  const internal = join(folder, "internal");
  const configuration = join(folder, "opendkim.conf");
  await writeFile(key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(internal, `${client}\n`);
  await writeFile(
    configuration,
    `Mode s\nSyslog no\nBackground no\nDomain ${domain}\nSelector s1\nKeyFile ${key}\n` +
      `Canonicalization relaxed/simple\nInternalHosts ${internal}\nOversignHeaders From\n` +
      `RequireSafeKeys no\nSocket inet:${port}@127.0.0.1\n`,
  );
  const child = spawn(OPENDKIM, ["-x", configuration, "-f"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`opendkim ended: ${said}`);
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port });
      socket.once("connect", () => socket.end(() => resolve(true)));
      socket.once("error", () => resolve(false));
    });
    if (there) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    milter: `127.0.0.1:${port}`,
    record: `v=DKIM1; k=rsa; p=${spki.toString("base64")}`,
    async stop() {
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

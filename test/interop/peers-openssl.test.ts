/** The certificates of both SMTP doors, as OpenSSL's client verifies them: the one that was brought, and the one that was made. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";

import { OPENSSL, newAuthority, no_openssl } from "../dns/authority.ts";
import { run } from "../scenarios/running.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const NAME = "mx.agents.test";

/** What `openssl s_client` says of a door, trusting `ca` (a file) and expecting `name`. */
function look(
  { host, port }: { host: string; port: number },
  ca: string,
  name: string,
  ...more: string[]
): Promise<string> {
  const args = ["s_client", "-connect", `${host}:${port}`, "-starttls", "smtp", "-brief"];
  const verify = ["-CAfile", ca, "-verify_hostname", name, "-verify_return_error"];
  return new Promise((resolve) => {
    const child = execFile(OPENSSL, [...args, ...verify, ...more], (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
    child.stdin?.end("QUIT\r\n");
  });
}

describe.skipIf(no_openssl)("OpenSSL at the doors", () => {
  test("the certificate that was brought is served with its chain, by TLS 1.2 and 1.3 and nothing older", async () => {
    const folder = await mkdtemp(join(tmpdir(), "doors-"));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const at = (name: string): string => join(folder, name);
    const authority = newAuthority("authority.test");
    const issued = authority.issue([NAME]);
    await writeFile(at("ca.pem"), authority.cert);
    await writeFile(at("cert.pem"), issued.cert);
    await writeFile(at("key.pem"), issued.key);
    const running = await run({
      MULTIMAIL_DOMAIN: "agents.test",
      MULTIMAIL_SMTP_NAME: NAME,
      MULTIMAIL_TLS_CERT: at("cert.pem"),
      MULTIMAIL_TLS_KEY: at("key.pem"),
    });
    undo.push(() => running.stop());
    for (const door of Object.values(running.instance.smtp!)) {
      expect(await look(door, at("ca.pem"), NAME)).toMatch(/TLSv1\.3[^]*Verification: OK/);
      expect(await look(door, at("ca.pem"), NAME, "-tls1_2")).toMatch(
        /TLSv1\.2[^]*Verification: OK/,
      );
      expect(await look(door, at("ca.pem"), "mx.other.test")).toMatch(/hostname mismatch/i);
      // Level 0 lets OpenSSL itself go as low as it can.
      const old = await look(door, at("ca.pem"), NAME, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0");
      expect(old).not.toMatch(/CONNECTION ESTABLISHED/);
      expect(old).toMatch(/alert protocol version|unsupported protocol/);
    }
  });

  test("the certificate that was made verifies for whoever trusts it, and stays after a restart", async () => {
    const settings = { MULTIMAIL_DOMAIN: "agents.test", MULTIMAIL_SMTP_NAME: NAME };
    const first = await run(settings);
    const kept = join(first.folder, "smtp-tls.pem");
    for (const door of Object.values(first.instance.smtp!))
      expect(await look(door, kept, NAME)).toMatch(/Verification: OK/);
    await first.stop(true);
    const second = await run(settings, first.folder);
    undo.push(() => second.stop());
    expect(await look(second.instance.smtp!.submission, kept, NAME)).toMatch(/Verification: OK/);
  });
});

/** OpenDKIM's verifier, as Debian ships it, over our signatures and every attack. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { dkimKeys, records } from "../../src/mail/fixture.ts";
import { bad, good, withOnlySignature } from "./dkim-cases.ts";

const opendkim = ["/usr/sbin/opendkim", "opendkim"].find(
  (path) => spawnSync(path, ["-V"]).status === 0,
);

describe.skipIf(!opendkim)(
  `opendkim${opendkim ? "" : " (skipped: opendkim is not installed)"}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "opendkim-"));
    const keys = join(folder, "keys");
    const configuration = join(folder, "opendkim.conf");
    writeFileSync(keys, [...records].map(([name, record]) => `${name} ${record}\n`).join(""));
    writeFileSync(configuration, `Mode v\nSyslog no\nTestDNSData file:${keys}\n`);
    afterAll(() => rmSync(folder, { recursive: true }));

    /** What opendkim prints in its test mode about a message with one signature. */
    function verify(message: Buffer): string {
      const file = join(folder, "message.eml");
      writeFileSync(file, message);
      const { stdout, stderr } = spawnSync(opendkim ?? "", ["-x", configuration, "-t", file], {
        encoding: "utf8",
      });
      return stdout + stderr;
    }

    describe.each(dkimKeys.map(({ selector, algorithm }) => [algorithm, selector]))(
      "by %s",
      (_algorithm, selector) => {
        const succeeded = new RegExp(
          `\\(s=${selector}, d=example\\.com, \\d+-bit key\\) succeeded`,
        );

        test.each([...good])("passes %s", (_name, message) => {
          expect(verify(withOnlySignature(message, selector))).toMatch(succeeded);
        });

        test.each([...bad])("does not pass a message after %s", (_name, message) => {
          const said = verify(withOnlySignature(message, selector));
          expect(said).toMatch(new RegExp(`s=${selector} d=example\\.com.* failed`));
          expect(said).not.toMatch(/succeeded/);
        });
      },
    );
  },
);

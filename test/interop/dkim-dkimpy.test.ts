/** Debian's python3-dkim (dkimpy) as an outside verifier of our signatures and of every attack. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { dkimKeys, records } from "../../src/mail/fixture.ts";
import { bad, good } from "./dkim-cases.ts";

const python = ["/usr/bin/python3", "python3"].find(
  (path) => spawnSync(path, ["-c", "import dkim, nacl"]).status === 0,
);

// Answers, for each message, one verdict a signature in header order; no DNS is asked.
const PROGRAM = `
import base64, json, sys, dkim
job = json.load(sys.stdin)
records = {name + ".": text.encode() for name, text in job["records"].items()}
def txt(name, timeout=5):
    return records.get(name.decode() if isinstance(name, bytes) else name)
def verdict(message, index):
    try:
        return bool(dkim.DKIM(message).verify(idx=index, dnsfunc=txt))
    except dkim.DKIMException as error:
        return str(error)
out = []
for text in job["messages"]:
    message = base64.b64decode(text)
    out.append([verdict(message, index) for index in range(job["signatures"])])
json.dump(out, sys.stdout)
`;

function dkimpy(messages: Iterable<Buffer>): unknown[] {
  const input = JSON.stringify({
    records: Object.fromEntries(records),
    signatures: dkimKeys.length,
    messages: Array.from(messages, (message) => message.toString("base64")),
  });
  const { status, stdout, stderr } = spawnSync(python ?? "", ["-c", PROGRAM], {
    input,
    encoding: "utf8",
    maxBuffer: 1 << 24,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as unknown[];
}

describe.skipIf(!python)(
  `dkimpy${python ? "" : " (skipped: python3-dkim or python3-nacl is not installed)"}`,
  () => {
    const names = [...good.keys(), ...bad.keys()];
    const answers = python ? dkimpy([...good.values(), ...bad.values()]) : [];
    const answer = (name: string): unknown => answers[names.indexOf(name)];

    test.each([...good.keys()])("passes both signatures over %s", (name) => {
      expect(answer(name)).toEqual([true, true]);
    });

    test.each([...bad.keys()])("passes neither signature after %s", (name) => {
      expect(answer(name)).not.toContain(true);
    });
  },
);

/** Debian's dkimpy and opendkim as outside verifiers of whole messages, and the plainest possible reading of a header. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const python = ["/usr/bin/python3", "python3"].find(
  (path) => spawnSync(path, ["-c", "import dkim, nacl"]).status === 0,
);
const opendkim = ["/usr/sbin/opendkim", "opendkim"].find(
  (path) => spawnSync(path, ["-V"]).status === 0,
);

/** True where python3-dkim with Ed25519 is installed. */
export const hasDkimpy = python !== undefined;
/** True where opendkim is installed. */
export const hasOpendkim = opendkim !== undefined;

/** Header fields in order: name in lower case, and the unfolded value. */
export function fieldsOf(mail: Buffer): { key: string; value: string; line: string }[] {
  const text = mail.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const head = end === -1 ? text : text.slice(0, end + 2);
  return [...head.matchAll(/^([!-9;-~]+):((?:.*\r\n)(?:[ \t].*\r\n)*)/gm)].map(
    ([line, name, value]) => ({
      key: (name ?? "").toLowerCase(),
      value: (value ?? "").replaceAll(/\r\n(?=[ \t])/g, "").trim(),
      line,
    }),
  );
}

/** What stands behind the empty line. */
export function bodyOf(mail: Buffer): Buffer {
  return mail.subarray(mail.indexOf("\r\n\r\n") + 4);
}

const program = `
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
messages = [base64.b64decode(text) for text in job["messages"]]
json.dump([[verdict(message, index) for index in range(2)] for message in messages], sys.stdout)
`;

/** dkimpy's verdict on the first two signatures of each mail: true, false, or its complaint. */
export function dkimpyVerdicts(
  mails: readonly Buffer[],
  records: Readonly<Record<string, string>>,
): unknown[][] {
  const { status, stdout, stderr } = spawnSync(python ?? "", ["-c", program], {
    input: JSON.stringify({ records, messages: mails.map((mail) => mail.toString("base64")) }),
    encoding: "utf8",
    maxBuffer: 1 << 24,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as unknown[][];
}

/** opendkim's verdict on each signature of a mail, asked one by one, because it stops at the first that passes. */
export function opendkimVerdicts(
  mail: Buffer,
  records: Readonly<Record<string, string>>,
): boolean[] {
  const folder = mkdtempSync(join(tmpdir(), "multimail-opendkim-"));
  try {
    const keys = join(folder, "keys");
    const configuration = join(folder, "opendkim.conf");
    const file = join(folder, "message.eml");
    writeFileSync(
      keys,
      Object.entries(records)
        .map(([name, text]) => `${name} ${text}\n`)
        .join(""),
    );
    writeFileSync(configuration, `Mode v\nSyslog no\nTestDNSData file:${keys}\n`);
    const fields = fieldsOf(mail);
    const signatures = fields.filter(({ key }) => key === "dkim-signature");
    return signatures.map((only) => {
      const kept = fields.filter((one) => one.key !== "dkim-signature" || one === only);
      const head = kept.map(({ line }) => line).join("");
      writeFileSync(file, Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), bodyOf(mail)]));
      const { stdout, stderr } = spawnSync(opendkim ?? "", ["-x", configuration, "-t", file], {
        encoding: "utf8",
      });
      const said = stdout + stderr;
      const asked = / s=([^;\s]+)/.exec(only.value)?.[1] ?? "?";
      if (!said.includes(`s=${asked}`))
        throw new Error(`opendkim did not look at ${asked}: ${said}`);
      return said.includes("succeeded");
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Codes that people get by mail, read from the local catcher, and calls that need one. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { SmtpSink } from "../sink/smtp-sink.ts";
import type { Answer, Running } from "./running.ts";

/** The texts of all mail that was caught to this address, oldest first. */
export async function mailTo(running: Running, address: string): Promise<string[]> {
  const folder = running.instance.catcher?.folder;
  if (folder === undefined) throw new Error("this instance catches no mail");
  const files = (await readdir(folder, { recursive: true })).filter((name) =>
    name.endsWith(".eml"),
  );
  const texts = await Promise.all(
    files.toSorted().map(async (name) => decoded(await readFile(join(folder, name), "latin1"))),
  );
  return texts.filter((text) => text.toLowerCase().includes(`to: ${address.toLowerCase()}`));
}

/** Quoted-printable undone, as far as ASCII goes. */
function decoded(mail: string): string {
  return mail
    .replaceAll("=\r\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCodePoint(Number.parseInt(hex, 16)),
    );
}

/** The code in the newest mail to the overseer that holds all the words; waits for it for at most 10 seconds. */
export async function mailedCode(running: Running, ...words: string[]): Promise<string> {
  const overseer = await overseerOf(running);
  return codeAmong(() => mailTo(running, overseer), ...words);
}

/** The same among mail as a sink has it. */
export function sunkCode(sink: SmtpSink, ...words: string[]): Promise<string> {
  return codeAmong(
    () => Promise.resolve(sink.messages.map(({ data }) => decoded(data.toString("latin1")))),
    ...words,
  );
}

async function codeAmong(read: () => Promise<string[]>, ...words: string[]): Promise<string> {
  const end = Date.now() + 10_000;
  for (;;) {
    const mail = (await read()).findLast((text) => words.every((word) => text.includes(word)));
    const code = mail && /^The code: (\S+)/m.exec(mail)?.[1];
    if (code) return code;
    if (Date.now() > end) throw new Error(`no code came for ${words.join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function overseerOf(running: Running): Promise<string> {
  return (await running.call(running.known.admin_key, "/v1/account")).body.oversight_address;
}

/** Makes a sensitive call with a key, and again with the code that a person was mailed for it. */
export async function approved(
  running: Running,
  key: string,
  path: string,
  body: object,
  more: { method?: string } = {},
): Promise<Answer> {
  const asked = await running.call(key, path, body, more);
  if (asked.status !== 202 || asked.body.status !== "approval_required")
    throw new Error(`${path} answered ${asked.status} ${JSON.stringify(asked.body)}`);
  const approval_code = await mailedCode(running, asked.body.change_id);
  return running.call(key, path, { ...body, approval_code }, more);
}

/** A certificate that is renewed while the doors are open: what TLS clients are shown. */
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { type SmtpDoors, openSmtpDoors } from "../../src/smtp-doors.ts";
import { selfSigned } from "../sink/self-signed.ts";
import { freePorts } from "./child-server.ts";
import { Client } from "./smtp-dialog.ts";

let folder: string;
let doors: SmtpDoors | null = null;
const said: string[] = [];
const log = pino({ level: "warn" }, { write: (line) => void said.push(line) });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "certificate-"));
  said.length = 0;
});
afterEach(async () => {
  await doors?.close();
  doors = null;
  await rm(folder, { recursive: true, force: true });
});

/** Nobody signs in and nothing is sent: the engine behind the doors is asked for nothing. */
const nobody = { rate: {} } as Engine;

async function brings({ cert, key }: { cert: string; key: string }): Promise<void> {
  await writeFile(join(folder, "cert.pem"), cert);
  await writeFile(join(folder, "key.pem"), key);
}

async function opens(): Promise<SmtpDoors> {
  const config = readConfig({
    ...freePorts,
    MULTIMAIL_DATA: folder,
    MULTIMAIL_TLS_CERT: join(folder, "cert.pem"),
    MULTIMAIL_TLS_KEY: join(folder, "key.pem"),
  });
  doors = await openSmtpDoors(config, nobody, () => new Date(), log);
  return doors;
}

/** The names on the certificate that each door shows to a client of its own. */
async function shown({ inbound, submission }: SmtpDoors): Promise<string[]> {
  const names: string[] = [];
  for (const door of [inbound, submission]) {
    const client = new Client(door);
    await client.reply();
    await client.say("EHLO a.example");
    expect(await client.say("STARTTLS")).toMatch(/^220/);
    names.push(new X509Certificate(await client.startTls()).subject);
    client.close();
  }
  return names;
}

test("a renewed certificate is shown to the next client, and one that is as it was is left alone", async () => {
  await brings(selfSigned(["first.test"]));
  const open = await opens();
  await open.lookForCertificate();
  expect(await shown(open)).toEqual(["CN=first.test", "CN=first.test"]);
  await brings(selfSigned(["second.test"]));
  expect(await shown(open)).toEqual(["CN=first.test", "CN=first.test"]);
  await open.lookForCertificate();
  expect(await shown(open)).toEqual(["CN=second.test", "CN=second.test"]);
  expect(said).toEqual([]);
});

test("a pair that does not fit leaves the one before in use, says so, and is looked at again", async () => {
  await brings(selfSigned(["first.test"]));
  const open = await opens();
  const renewed = selfSigned(["second.test"]);
  await writeFile(join(folder, "cert.pem"), renewed.cert);
  await open.lookForCertificate();
  expect(await shown(open)).toEqual(["CN=first.test", "CN=first.test"]);
  expect(said.join("")).toContain("the one before stays in use");
  await writeFile(join(folder, "key.pem"), renewed.key);
  await open.lookForCertificate();
  expect(await shown(open)).toEqual(["CN=second.test", "CN=second.test"]);
});

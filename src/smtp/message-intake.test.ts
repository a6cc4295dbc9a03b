/** The room that messages share while they come in: nobody keeps the others' mail out. */
import { PassThrough } from "node:stream";
import type { SMTPServerDataStream } from "smtp-server";
import { expect, test } from "vitest";

import { Refusal } from "../core/refusal.ts";
import { MessageIntake, answer } from "./message-intake.ts";
import type { SmtpAnswer } from "./smtp-answer.ts";
import { DEFAULT_SESSION_LIMITS } from "./session-limits.ts";

const LIMITS = { ...DEFAULT_SESSION_LIMITS, message_size: 500, buffered_size: 1000 };

/** An intake, and messages that come in as slowly as the test likes. */
function room() {
  let now = 0;
  const intake = new MessageIntake(LIMITS, () => new Date(now));
  const message = (source: string) => {
    const stream = new PassThrough();
    const taken = intake
      .take(
        Object.assign(stream, { sizeExceeded: false }) as unknown as SMTPServerDataStream,
        source,
        async (raw) => Promise.resolve(raw.length),
      )
      .catch((error: unknown) => String(error));
    return {
      /** Resolves when the octets were looked at. */
      async write(octets: number): Promise<void> {
        stream.write(Buffer.alloc(octets, "x"));
        for (let i = 0; i < 20; i++) await Promise.resolve();
        await new Promise((resolve) => setImmediate(resolve));
      },
      end(): Promise<number | string> {
        stream.end();
        return taken;
      },
    };
  };
  return { message, pass: (milliseconds: number) => void (now += milliseconds) };
}

const put_off = expect.stringContaining("4.3.1 too much mail at once") as string;

test("one source that ends none of its messages leaves room for another's", async () => {
  const { message } = room();
  const slow = [message("192.0.2.1"), message("192.0.2.1"), message("192.0.2.1")];
  for (const one of slow) await one.write(400);
  const other = message("192.0.2.2");
  await other.write(400);
  expect(await other.end()).toBe(400);
  expect(await Promise.all(slow.map((one) => one.end()))).toEqual([400, put_off, put_off]);
});

test("sources together that have taken more than a minute make room, and those that have not do not", async () => {
  const { message, pass } = room();
  const slow = message("192.0.2.1");
  await slow.write(450);
  pass(61_000);
  const quick = message("192.0.2.2");
  await quick.write(450);
  const other = message("192.0.2.3");
  await other.write(450);
  const late = message("192.0.2.4");
  await late.write(450);
  expect(await other.end()).toBe(450);
  expect(await quick.end()).toBe(450);
  expect(await slow.end()).toEqual(put_off);
  expect(await late.end()).toEqual(put_off);
});

test("what a message held is free again, however it ended", async () => {
  const { message } = room();
  for (let i = 0; i < 5; i++) {
    const one = message("192.0.2.1");
    await one.write(500);
    expect(await one.end()).toBe(500);
    const two = message("192.0.2.1");
    await two.write(501);
    expect(await two.end()).toEqual(put_off);
  }
});

test("a thousand failures are a line in the log and a thousand replies; a database that is away is none", async () => {
  const lines: object[] = [];
  const quiet = (): void => undefined;
  const log = { info: quiet, warn: quiet, error: (fields: object) => void lines.push(fields) };
  const replies: string[] = [];
  const hear = (error: Error | null): void =>
    void replies.push(`${(error as SmtpAnswer | null)?.responseCode} ${error?.message}`);
  const away = new Refusal("unavailable", "The database is unavailable.");
  for (let i = 0; i < 1000; i++) await answer(Promise.reject(away), hear, log);
  expect(lines).toHaveLength(0);
  const broken = new Error("secret path");
  for (let i = 0; i < 1000; i++) await answer(Promise.reject(broken), hear, log);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(20);
  expect(lines[0]).toEqual({ err: broken });
  expect(replies).toHaveLength(2000);
  expect(new Set(replies)).toEqual(new Set(["451 4.3.0 temporary failure, try again later"]));
});

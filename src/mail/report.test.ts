/** What the corpus of reports is read as, and that no report can break, stall or suppress more than it may. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mayAutoAnswer } from "./auto-reply.ts";
import { parseMail } from "./parse.ts";
import { dsnRecipients, fieldGroups, replyIn } from "./report-dsn.ts";
import { prosaicBounce } from "./report-shapes.ts";
import { classifyMail } from "./report.ts";

interface Case {
  file: string;
  from: string;
  kind: string;
  [field: string]: unknown;
}

const folder = new URL("../../test/mail/reports/", import.meta.url);
const cases = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")) as Case[];
const bytesOf = (file: string): Buffer => readFileSync(new URL(`${file}.eml`, folder));
const TO = "agent@mail.example.com";

/** The parts of a classification that the table speaks of. */
function shortened(kind: ReturnType<typeof classifyMail>, wanted: Case): Record<string, unknown> {
  const whole: Record<string, unknown> = { ...kind };
  if (kind.kind === "bounce")
    whole["recipients"] = kind.recipients.map((one) => ({
      address: one.address,
      action: one.action,
      status: one.status,
      verdict: one.verdict?.verdict ?? null,
      suppress: one.verdict?.suppress ?? false,
    }));
  const { file: _file, from: _from, may: _may, ...fields } = wanted;
  return Object.fromEntries(Object.keys(fields).map((key) => [key, whole[key]]));
}

describe("the corpus", () => {
  test.each(cases)("$file is read as $kind", async (wanted) => {
    const mail = await parseMail(bytesOf(wanted.file));
    const envelope = { from: wanted.from, to: TO };
    const kind = classifyMail(mail, envelope);
    const { file: _file, from: _from, may, ...fields } = wanted;
    expect(shortened(kind, wanted)).toEqual(fields);
    // Only a person's mail may be answered by a machine.
    expect(mayAutoAnswer(mail, envelope)).toBe(may === true);
  });
});

test("nothing but a failed recipient with a hard verdict suppresses", async () => {
  const suppressing: string[] = [];
  for (const { file, from } of cases) {
    const kind = classifyMail(await parseMail(bytesOf(file)), { from, to: TO });
    if (kind.kind !== "bounce") continue;
    for (const { action, verdict } of kind.recipients)
      if (verdict?.suppress) suppressing.push(`${action} ${verdict.verdict}`);
  }
  expect(new Set(suppressing)).toEqual(new Set(["failed hard"]));
});

test("reports changed at random are classified without error, each within a second", async () => {
  const files = cases.map(({ file }) => bytesOf(file));
  const change = fc.record({
    at: fc.nat(4000),
    cut: fc.nat(60),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom("\r\n\r\n", "--b1\r\n", "Action: ", "<a@b>", "550 5.1.1 ", ";", "\0")
        .map((text) => Buffer.from(text)),
    ),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(files.length - 1),
      fc.array(change, { maxLength: 8 }),
      fc.boolean(),
      async (index, changes, from_null) => {
        let bytes = files[index] ?? Buffer.alloc(0);
        for (const { at, cut, put } of changes)
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
        const mail = await parseMail(bytes);
        const started = process.cpuUsage();
        const kind = classifyMail(mail, { from: from_null ? "" : "a@b.example", to: TO });
        expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
        if (kind.kind === "bounce") expect(kind.recipients.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 300 },
  );
});

test("large hostile reports are read in bounded time, with at most 200 recipients", async () => {
  const pieces = [
    "<a@b.example>: 550\n",
    "user a@b.example ",
    "Message-ID: <",
    "said: 550 ",
    "a".repeat(99) + "@",
    " \t",
    "Final-Recipient: rfc822; a@b\n\n",
    "-- - ",
    "host ",
    '(<"',
    "final-recipient:",
  ];
  const started = process.cpuUsage();
  for (const piece of pieces) {
    const text = piece.repeat(Math.ceil(400_000 / piece.length));
    expect(prosaicBounce(text, text, [], TO).recipients.length).toBeLessThanOrEqual(200);
    expect(dsnRecipients(Buffer.from(text)).length).toBeLessThanOrEqual(200);
    replyIn(text);
    const mail = await parseMail(Buffer.from("From: MAILER-DAEMON@x.example\r\n\r\n"));
    classifyMail({ ...mail, text, new_text: text, subject: text }, { from: "", to: TO });
  }
  expect(process.cpuUsage(started).user / 1_000_000).toBeLessThan(5);
});

test("field groups are unfolded and parted by empty lines, with CRLF and LF", () => {
  expect(fieldGroups(Buffer.from("A: 1\r\n b\r\n\r\nnone\nC:2\n"))).toEqual([
    [{ name: "a", value: "1 b" }],
    [{ name: "c", value: "2" }],
  ]);
});

test.each([
  ["host mx[192.0.2.1] said: 550 5.1.1 gone (in reply to RCPT TO)", 550, "5.1.1"],
  ["550-5.1.1 gone", 550, "5.1.1"],
  ["connect to mx[192.0.2.1]:25: timed out after 450 seconds", null, null],
  ["no mailbox here by that name. (#5.1.1)", null, "5.1.1"],
  ["552: 5.2.2 mailbox over quota", 552, "5.2.2"],
  ["ERROR CODE :550 - 5.1.1 User Unknown", 550, "5.1.1"],
])("the reply in %j is found", (text, code, enhanced) => {
  expect(replyIn(text)).toMatchObject({ code, enhanced });
});

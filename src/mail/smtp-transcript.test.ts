/** Tests of transcripts: what stands in them, what does not, and how long they may become. */
import { expect, it } from "vitest";
import { Transcript, joinTranscripts } from "./smtp-transcript.ts";

it("tells both sides line by line, with the seconds since the first, and begins anew when taken", () => {
  let now = 1000;
  const transcript = new Transcript(() => new Date(now));
  transcript.note("connected");
  now += 1234;
  transcript.said("MAIL FROM:<a@b.test>\r\nDATA\r\n");
  transcript.heard({ code: 250, enhanced: "2.1.0", text: "fine\nreally" });
  expect(transcript.take().split("\n")).toEqual([
    "0.000 * connected",
    "1.234 C: MAIL FROM:<a@b.test>",
    "1.234 C: DATA",
    "1.234 S: 250-2.1.0 fine",
    "1.234 S: 250 2.1.0 really",
  ]);
  now += 5000;
  transcript.said("QUIT\r\n");
  expect(transcript.take()).toBe("0.000 C: QUIT");
  expect(transcript.take()).toBe("");
});

it("a secret stands in no line, whoever says it, how often it may be", () => {
  const transcript = new Transcript(() => new Date(0));
  transcript.hide("hunter2");
  transcript.hide("");
  transcript.said("AUTH PLAIN hunter2hunter2\r\n");
  transcript.heard({ code: 535, enhanced: null, text: "no: hunter2" });
  expect(transcript.take()).toBe("0.000 C: AUTH PLAIN ******\n0.000 S: 535 no: ***");
});

it("is bounded, line by line and together, whatever a server says", () => {
  const transcript = new Transcript(() => new Date(0));
  for (let i = 0; i < 1000; i++)
    transcript.heard({
      code: 250,
      enhanced: null,
      text: `${"\u{1f600}".repeat(5000)}\n`.repeat(20),
    });
  const text = transcript.take();
  expect(text.length).toBeLessThan(9000);
  expect(text.isWellFormed()).toBe(true);
  expect(text.split("\n").every((line) => line.length <= 520)).toBe(true);
  expect(text.endsWith("* the rest is left out")).toBe(true);
  expect(
    joinTranscripts(text, undefined, "", ...Array.from({ length: 20 }, () => text)).length,
  ).toBeLessThan(32_100);
});

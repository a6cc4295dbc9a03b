/** Mail of the service: what stands in it, and what cannot. */
import { expect, test } from "vitest";
import { composeService } from "./compose-service.ts";
import { readMessage } from "./headers.ts";
import PostalMime from "postal-mime";

const plain = {
  from: { name: "MultiMail", address: "oversight@mail.example.com" },
  to: "olivia@example.org",
  subject: "Your code",
  text: "A7X-29K\n\nIt works for 24 hours.",
  message_id: "<01@mail.example.com>",
  date: new Date("2026-11-21T10:00:00Z"),
};

test("mail of the service says by itself that no person wrote it", () => {
  const fields = readMessage(composeService(plain)).fields;
  const keys = fields.map((field) => field.key);
  expect(new Set(keys).size).toBe(keys.length);
  const value = (key: string): string | undefined =>
    fields
      .find((field) => field.key === key)
      ?.value.toString("latin1")
      .trim();
  expect(value("auto-submitted")).toBe("auto-generated");
  expect(value("x-auto-response-suppress")).toBe("All");
  expect(value("date")).toBe("Sat, 21 Nov 2026 10:00:00 +0000");
  expect(value("message-id")).toBe("<01@mail.example.com>");
  expect(keys).not.toContain("list-unsubscribe");
});

test("a line break in the subject, an address or a header of mail of the service is refused", () => {
  for (const bad of [
    { subject: "Hello\r\nBcc: all@example.net" },
    { subject: "Hello\nX-Evil: 1" },
    { to: "olivia@example.org\r\nBcc: all@example.net" },
    { to: "a@example.org, b@example.org" },
    { reply_to: "a@example.org\nX: y" },
    { headers: { "X-Note": "a\r\nBcc: all@example.net" } },
    { headers: { Bcc: "all@example.net" } },
  ])
    expect(() => composeService({ ...plain, ...bad }), JSON.stringify(bad)).toThrow();
});

test("foreign letters and long lines arrive as they were written", async () => {
  const text = `Grüße 🙂\n${"x".repeat(3000)}\n.\nFrom here`;
  const mime = composeService({
    ...plain,
    subject: `Prüfen: ${"ü".repeat(90)}`,
    text,
    html: "<p>é</p>",
  });
  expect(mime.toString("latin1")).not.toMatch(/[^\t\r\n\x20-\x7e]/);
  const mail = await PostalMime.parse(mime);
  expect(mail.subject).toBe(`Prüfen: ${"ü".repeat(90)}`);
  expect(mail.text?.replaceAll("\r\n", "\n").trimEnd()).toBe(text);
  expect(mail.html?.trim()).toBe("<p>é</p>");
});

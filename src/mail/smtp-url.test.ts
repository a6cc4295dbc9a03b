/** What relay URLs mean, and which are refused. */
import fc from "fast-check";
import { expect, test } from "vitest";

import { SmtpInputError } from "./smtp-envelope.ts";
import { parseRelayUrl } from "./smtp-url.ts";

const verified = { verify_certificate: true };
const unverified = { verify_certificate: false };

test.each([
  [
    "smtp://relay.example",
    { host: "relay.example", port: 25, tls: "opportunistic", ...unverified },
  ],
  [
    "smtp://relay.example/",
    { host: "relay.example", port: 25, tls: "opportunistic", ...unverified },
  ],
  ["smtp://relay.example:587", { host: "relay.example", port: 587, tls: "required", ...verified }],
  ["smtps://relay.example", { host: "relay.example", port: 465, tls: "implicit", ...verified }],
  [
    "smtp://u:p@relay.example",
    {
      host: "relay.example",
      port: 587,
      tls: "required",
      ...verified,
      auth: { user: "u", pass: "p" },
    },
  ],
  [
    "smtp://u%40d.example:p%3A%2F%3F%20%C3%BC@relay.example:2525?tls=required&verify=no",
    {
      host: "relay.example",
      port: 2525,
      tls: "required",
      ...unverified,
      auth: { user: "u@d.example", pass: "p:/? \u00fc" },
    },
  ],
  [
    "smtp://u:p@127.0.0.1:1025",
    {
      host: "127.0.0.1",
      port: 1025,
      tls: "opportunistic",
      ...unverified,
      auth: { user: "u", pass: "p" },
    },
  ],
  ["smtp://localhost:1025?tls=none", { host: "localhost", port: 1025, tls: "none", ...unverified }],
  [
    "smtp://[2001:db8::1]:25",
    { host: "2001:db8::1", port: 25, tls: "opportunistic", ...unverified },
  ],
  [
    "smtp://Relay.EXAMPLE?tls=opportunistic&verify=yes",
    { host: "relay.example", port: 25, tls: "opportunistic", ...verified },
  ],
])("%s is read in full", (url, settings) => {
  expect(parseRelayUrl(url)).toEqual(settings);
});

test.each([
  "",
  "relay.example",
  "http://relay.example",
  "smtp://",
  "smtp://relay.example:0",
  "smtp://relay.example:65536",
  "smtp://relay.example/path",
  "smtp://relay.example#x",
  "smtp://relay.example?tls=maybe",
  "smtp://relay.example?TLS=none",
  "smtp://relay.example?tls=none&tls=required",
  "smtp://relay.example?verify=1",
  "smtp://relay.example?timeout=5",
  "smtps://relay.example?tls=none",
  "smtp://:p@relay.example",
  "smtp://u:%ff@relay.example",
  "smtp://u:%00@relay.example",
  "smtp://re%0d%0alay.example",
  "smtp://re_lay..example",
])("%j is refused", (url) => {
  expect(() => parseRelayUrl(url)).toThrow(SmtpInputError);
});

test("any user and password survive percent-encoding", () => {
  const text = fc
    .string({ unit: "grapheme", minLength: 1 })
    .filter((value) => !value.includes("\0"));
  fc.assert(
    fc.property(text, text, (user, pass) => {
      const url = `smtp://${encodeURIComponent(user)}:${encodeURIComponent(pass)}@relay.example`;
      expect(parseRelayUrl(url).auth).toEqual({ user, pass });
    }),
  );
});

test("a refusal never quotes the password", () => {
  for (const rest of ["?tls=maybe", "/path", ":0", "?x=1"]) {
    expect(() => parseRelayUrl(`smtp://u:hunter2@relay.example${rest}`)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  }
});

/** The script of the sign-up page: its SHA-256 is SHA-256, and what it sends solves the challenge. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";

// As it stands in the context, where it is no module.
const script = readFileSync(new URL("./sign-up.js", import.meta.url), "utf8").replace(
  /^export \{\};$/m,
  "",
);

test("the script solves a challenge as its server checks it, and sends the form once", async () => {
  const salt = "0011223344556677889900aa?expires=1795890605&";
  const challenge = createHash("sha256").update(`${salt}2345`).digest("hex");
  const asked = { algorithm: "SHA-256", challenge, maxnumber: 200_000, salt, signature: "s" };
  const altcha = { value: "" };
  const button = { disabled: true };
  let submits = 0;
  let onSubmit: ((event: object) => void) | undefined;
  const sent = new Promise<void>((resolve) => {
    const form = {
      elements: { altcha },
      querySelector: (what: string) =>
        what === "button" ? button : { textContent: "", remove: () => undefined },
      addEventListener: (_: string, listener: (event: object) => void) => (onSubmit = listener),
      submit() {
        submits++;
        resolve();
      },
    };
    runInNewContext(script, {
      document: { querySelector: () => form },
      fetch: () => Promise.resolve({ ok: true, json: () => Promise.resolve(asked) }),
      setTimeout,
      btoa,
    });
  });
  expect(button.disabled).toBe(false);
  onSubmit?.({ preventDefault: () => undefined });
  onSubmit?.({ preventDefault: () => undefined });
  await sent;
  expect(submits).toBe(1);
  expect(JSON.parse(atob(altcha.value))).toEqual({
    algorithm: "SHA-256",
    challenge,
    number: 2345,
    salt,
    signature: "s",
  });
});

test("its SHA-256 agrees with Node's over lengths around a block's end", () => {
  const hash = runInNewContext(`${script}; sha256`, {
    document: { querySelector: () => null },
  }) as (text: string) => string;
  for (const length of [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 200]) {
    const text = "m".repeat(length);
    expect(hash(text), String(length)).toBe(createHash("sha256").update(text).digest("hex"));
  }
});

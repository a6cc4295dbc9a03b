/** Signatures of webhooks, as libraries of others' making verify them. */
import { createHmac, randomBytes } from "node:crypto";
import { Webhook as Standard } from "standardwebhooks";
import { Webhook as Svix } from "svix";
import { expect, test } from "vitest";
import {
  keyOf,
  newSecret,
  openSecret,
  sealSecret,
  shownSecret,
  signatureHeaders,
} from "./webhook-signature.ts";

const body = Buffer.from('{"type":"message.received","text":"grüße"}');

function verify(secret: string, headers: Record<string, string>, text = body.toString()): void {
  new Standard(secret).verify(text, headers);
  new Svix(secret).verify(text, headers);
}

test("standardwebhooks and svix verify what we sign, and nothing that was changed", () => {
  const secret = newSecret(randomBytes);
  const headers = signatureHeaders([secret], "MSG1", new Date(), body);
  verify(secret, headers);
  expect(() => verify(secret, headers, `${body.toString()} `)).toThrow();
  expect(() => verify(secret, { ...headers, "webhook-id": "MSG2" })).toThrow();
  expect(() => verify(newSecret(randomBytes), headers)).toThrow();
});

test("while a secret rotates, both verify", () => {
  const [old, fresh] = [newSecret(randomBytes), newSecret(randomBytes)];
  const headers = signatureHeaders([fresh, old], "MSG1", new Date(), body);
  verify(old, headers);
  verify(fresh, headers);
  expect(headers["webhook-signature"]?.split(" ").length).toBe(2);
});

test("a secret of the caller's own signs in the form that libraries take, and as it was given", () => {
  for (const own of ["not base64 at all", "whsec_short", "c2VjcmV0", "whsec_ä"]) {
    const headers = signatureHeaders([own], "MSG1", new Date(), body);
    verify(shownSecret(own), headers);
    expect(headers["x-multimail-signature"]).toBe(
      `sha256=${createHmac("sha256", own).update(body).digest("hex")}`,
    );
  }
  const given = `whsec_${randomBytes(24).toString("base64")}`;
  expect(shownSecret(given)).toBe(given);
  expect(keyOf(given).length).toBe(24);
});

test("a sealed secret opens for its own webhook only", () => {
  const key = randomBytes(32);
  const where = { operator_id: "O", webhook_id: "W" };
  const sealed = sealSecret(key, where, "whsec_abc", randomBytes);
  expect(openSecret(key, where, sealed)).toBe("whsec_abc");
  expect(() => openSecret(key, { ...where, webhook_id: "X" }, sealed)).toThrow();
  expect(sealed.includes("whsec_abc")).toBe(false);
});

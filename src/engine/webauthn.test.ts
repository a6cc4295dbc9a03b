/** Where passkeys can be, what options ask for, and what an enrolment must bring. */
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cborMap, coseMap, createAuthenticator } from "../../test/evidence/authenticator.ts";
import { parseCoseKey } from "../audit/cose.ts";
import { Refusal } from "../core/refusal.ts";
import type { EngineContext } from "./context.ts";
import {
  assertionOptions,
  challengeOf,
  enrolmentOptions,
  relyingParty,
  verifyRegistration,
} from "./webauthn.ts";

const at = (public_url: string): EngineContext => ({ public_url }) as EngineContext;
const here = at("https://mail.example.org:8443");
const place = { origin: "https://mail.example.org:8443", rp_id: "mail.example.org" };

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "done";
  } catch (error) {
    if (error instanceof Refusal) return `${error.code} ${error.detail.hint ?? ""}`;
    throw error;
  }
}

describe("the relying party", () => {
  it("is the host alone, and the origin with its port", () => {
    expect(relyingParty(here)).toMatchObject({ id: "mail.example.org", origin: place.origin });
    expect(relyingParty(at("http://localhost:8080"))).toMatchObject({
      id: "localhost",
      origin: "http://localhost:8080",
    });
  });

  it.each([
    "https://192.0.2.1",
    "https://[2001:db8::1]:8443",
    "http://127.0.0.1:8080",
    "http://mail.example.org",
  ])("is refused at %s, in words that name the setting", async (url) => {
    const code = await codeOf(() => relyingParty(at(url)));
    expect(code).toMatch(/^passkeys_unavailable .*MULTIMAIL_PUBLIC_URL/);
  });
});

it("options ask for a verified user, and name what the person has already", () => {
  const challenge = randomBytes(32);
  const known = [{ credential_id: Buffer.from("known"), transports: ["internal"] }];
  const asked = enrolmentOptions(here, {
    challenge,
    user: { handle: "decision:1", name: "ada", display_name: "Ada" },
    exclude: known,
    discoverable: false,
  });
  expect(asked).toMatchObject({
    rp: { id: "mail.example.org" },
    attestation: "none",
    authenticatorSelection: { userVerification: "required" },
    excludeCredentials: [{ id: Buffer.from("known").toString("base64url") }],
  });
  expect(assertionOptions(here, { challenge, allow: known })).toMatchObject({
    rpId: "mail.example.org",
    userVerification: "required",
    allowCredentials: [{ transports: ["internal"] }],
  });
});

describe("an enrolment", () => {
  const challenge = randomBytes(32);
  const device = createAuthenticator(place);
  const verify = (response: ReturnType<typeof device.enrol>) =>
    verifyRegistration(here, { challenge, response });
  const enrol = (faults: object = {}) => device.enrol(challenge.toString("base64url"), faults);

  it.each([-7, -8, -257] as const)(
    "by algorithm %d gives the credential's key",
    async (algorithm) => {
      const one = createAuthenticator(place, algorithm);
      const made = await verify(one.enrol(challenge.toString("base64url")));
      expect(made).toMatchObject({ algorithm, backed_up: false, sign_count: 0 });
      expect(made.credential_id.equals(one.credential_id)).toBe(true);
      expect(parseCoseKey(made.public_key).algorithm).toBe(algorithm);
    },
  );

  it.each([
    ["of another origin", { origin: "https://mail.example.com" }],
    ["of another relying party", { rp_id: "example.org" }],
    ["without a verified user", { flags: 0x41 }],
    ["inside another page", { cross_origin: true }],
    ["that is an assertion", { type: "webauthn.get" }],
    ["with client data that are none", { client_data: Buffer.from("x") }],
  ])("%s is refused", async (_, faults) => {
    expect(await codeOf(() => verify(enrol(faults)))).toMatch(/^invalid_passkey/);
  });

  it("for another challenge, of another id, or with a certificate is refused", async () => {
    const other = device.enrol(randomBytes(32).toString("base64url"));
    expect(await codeOf(() => verify(other))).toMatch(/^invalid_passkey/);
    expect(await codeOf(() => verify({ ...enrol(), id: "AAAA" }))).toMatch(/^invalid_passkey/);
    const text = (value: string) =>
      Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)]);
    const certified = cborMap([
      [text("fmt"), text("packed")],
      [text("attStmt"), cborMap([[text("x5c"), Buffer.from([0x80])]])],
      [text("authData"), coseMap([])],
    ]).toString("base64url");
    const refusal = codeOf(() => verify({ ...enrol(), attestation_object: certified }));
    expect(await refusal).toMatch(/^invalid_passkey/);
    expect(await codeOf(() => verify({ ...enrol(), attestation_object: "oA" }))).toMatch(
      /^invalid_passkey/,
    );
  });

  it("says which challenge it is to, and nothing that is none", async () => {
    expect(challengeOf(enrol()).equals(challenge)).toBe(true);
    const none = { client_data_json: Buffer.from('{"challenge":7}').toString("base64url") };
    expect(await codeOf(() => challengeOf(none))).toMatch(/^invalid_passkey/);
  });
});

/** Assertions of passkeys: good ones hold, and each thing that can be wrong has its own reason. */
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type AssertionJson, createAuthenticator } from "../../test/evidence/authenticator.ts";
import { otherVerdict } from "../../test/evidence/other-webauthn.ts";
import { coseAlgorithms } from "./cose.ts";
import { type Assertion, AssertionError, checkAssertion } from "./webauthn.ts";

const place = { origin: "https://mail.example.org:8443", rp_id: "mail.example.org" };
const device = createAuthenticator(place);
const challenge = randomBytes(32);
const about = { challenge, ...place, public_key: device.cose };

function read(json: AssertionJson): Assertion {
  return {
    clientDataJSON: Buffer.from(json.client_data_json, "base64url"),
    authenticatorData: Buffer.from(json.authenticator_data, "base64url"),
    signature: Buffer.from(json.signature, "base64url"),
  };
}

function reasonOf(assertion: Assertion, against: Partial<typeof about> = {}): string {
  try {
    checkAssertion(assertion, { ...about, ...against });
    return "holds";
  } catch (error) {
    if (error instanceof AssertionError) return error.reason;
    throw error;
  }
}

describe("an assertion holds", () => {
  it.each(coseAlgorithms)("algorithm %d, as another verifier also says", async (algorithm) => {
    const one = createAuthenticator(place, algorithm);
    const json = one.assert(challenge, { sign_count: 7 });
    expect(checkAssertion(read(json), { ...about, public_key: one.cose })).toEqual({
      sign_count: 7,
      backed_up: false,
    });
    expect(await otherVerdict(json, { challenge, ...place, cose: one.cose })).toBe(true);
  });

  it("with extensions, with a backup, and without crossOrigin", () => {
    const extra = Buffer.from("a16161f5", "hex");
    expect(reasonOf(read(device.assert(challenge, { flags: 0x85, extra })))).toBe("holds");
    expect(checkAssertion(read(device.assert(challenge, { flags: 0x1d })), about).backed_up).toBe(
      true,
    );
    const client = {
      type: "webauthn.get",
      challenge: challenge.toString("base64url"),
      origin: place.origin,
    };
    const client_data = Buffer.from(JSON.stringify(client));
    expect(reasonOf(read(device.assert(challenge, { client_data })))).toBe("holds");
  });
});

describe("refused is an assertion", () => {
  const client = (more: object): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: "webauthn.get",
        challenge: challenge.toString("base64url"),
        origin: place.origin,
        ...more,
      }),
    );
  const cases: [string, string, Parameters<typeof device.assert>[1]][] = [
    ["of enrolment", "wrong_type", { type: "webauthn.create" }],
    ["of another origin", "wrong_origin", { origin: "https://mail.example.org" }],
    ["of a look-alike origin", "wrong_origin", { origin: "https://mail.example.org:8443." }],
    ["in another site's page", "cross_origin", { cross_origin: true }],
    [
      "with another top page",
      "cross_origin",
      { client_data: client({ topOrigin: "https://x.example" }) },
    ],
    [
      "whose crossOrigin is a word",
      "cross_origin",
      { client_data: client({ crossOrigin: "false" }) },
    ],
    ["of another relying party", "wrong_relying_party", { rp_id: "example.org" }],
    ["without presence", "user_not_present", { flags: 0x04 }],
    ["without verification", "user_not_verified", { flags: 0x01 }],
    ["that backed up what cannot be", "malformed", { flags: 0x15 }],
    ["with attested data", "malformed", { flags: 0x45 }],
    ["with something behind it", "malformed", { extra: Buffer.from([1]) }],
    ["with client data that are no JSON", "malformed", { client_data: Buffer.from("{") }],
    ["with client data that are a list", "malformed", { client_data: Buffer.from("[]") }],
    ["with client data behind a mark", "malformed", { client_data: Buffer.from("\uFEFF{}") }],
    ["with endless client data", "malformed", { client_data: Buffer.alloc(9000, 32) }],
    ["without a challenge", "wrong_challenge", { client_data: client({ challenge: null }) }],
  ];
  it.each(cases)("%s: %s", (_, reason, faults) => {
    expect(reasonOf(read(device.assert(challenge, faults)))).toBe(reason);
  });

  it("of another challenge, another key, or no key", () => {
    expect(reasonOf(read(device.assert(randomBytes(32))))).toBe("wrong_challenge");
    const other = createAuthenticator(place);
    expect(reasonOf(read(other.assert(challenge)))).toBe("bad_signature");
    expect(reasonOf(read(device.assert(challenge)), { public_key: Buffer.from([0xa0]) })).toBe(
      "bad_key",
    );
  });

  it("with any bit changed anywhere", () => {
    const good = read(device.assert(challenge));
    for (const part of ["clientDataJSON", "authenticatorData", "signature"] as const)
      for (let at = 0; at < good[part].length; at++) {
        const changed = Buffer.from(good[part]);
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(reasonOf({ ...good, [part]: changed }), `${part}[${at}]`).not.toBe("holds");
      }
    expect(reasonOf({ ...good, signature: Buffer.alloc(0) })).toBe("bad_signature");
    expect(reasonOf({ ...good, authenticatorData: Buffer.alloc(0) })).toBe("malformed");
  });
});

/** DSSE: the bytes that are signed, and envelopes of foreign make. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pae, parseEnvelope, payloadType } from "./dsse.ts";
import { FormatError } from "./encoding.ts";

const signature = { keyid: "k", sig: "AAAA" };
const envelope = { payloadType, payload: "e30=", signatures: [signature] };

/** True when `read` refuses by FormatError; anything else that is thrown is a failure. */
function refuses(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (error instanceof FormatError) return true;
    throw error;
  }
}

describe("the pre-authentication encoding", () => {
  it("is the specification's example", () => {
    expect(pae("http://example.com/HelloWorld", Buffer.from("hello world")).toString()).toBe(
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    );
  });

  it("counts bytes and not characters", () => {
    expect(pae("ä", Buffer.from("€")).toString()).toBe("DSSEv1 2 ä 3 €");
  });
});

describe("an envelope", () => {
  it("in the right form is read as it is", () => {
    expect(parseEnvelope(JSON.parse(JSON.stringify(envelope)))).toEqual(envelope);
  });

  it.each([
    ["another payload type", { ...envelope, payloadType: "text/plain" }],
    ["no signatures", { ...envelope, signatures: [] }],
    [
      "seventeen signatures",
      { ...envelope, signatures: Array.from({ length: 17 }, () => signature) },
    ],
    ["an unknown field", { ...envelope, x: 1 }],
    ["a payload in base64url", { ...envelope, payload: "_w" }],
    ["a signature without keyid", { ...envelope, signatures: [{ sig: signature.sig }] }],
    [
      "a half WebAuthn part",
      { ...envelope, signatures: [{ ...signature, webauthn: { clientDataJSON: "e30" } }] },
    ],
    [
      "a WebAuthn part in plain JSON",
      {
        ...envelope,
        signatures: [{ ...signature, webauthn: { clientDataJSON: "{}", authenticatorData: "AA" } }],
      },
    ],
    ["null in its place", null],
  ])("with %s is refused", (_, value) => {
    expect(() => parseEnvelope(value)).toThrow(FormatError);
  });

  it("of any JSON is read or refused", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(refuses(() => parseEnvelope(value))).toBe(true);
      }),
    );
  });
});

/** Another implementation's word on an assertion: @simplewebauthn/server, which nothing of ours checks assertions with. */
import { registerHooks } from "node:module";
import type { AssertionJson } from "./authenticator.ts";

/** What it is asked. `challenge` is the 32 bytes that were to be signed, `cose` the credential's COSE_Key. */
export type Question = {
  challenge: Buffer;
  origin: string;
  rp_id: string;
  cose: Buffer;
};

/**
 * Its verdict; it throws where it refuses. Its ASN.1 libraries may be installed in two versions, of which one does not know what the
 * other declares: all of them get the one that its ECDSA signatures are declared with.
 */
export async function otherVerdict(json: AssertionJson, asked: Question): Promise<boolean> {
  const library = import.meta.resolve("@simplewebauthn/server");
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== "@peculiar/asn1-schema") return next(specifier, context);
      const declaring = next("@peculiar/asn1-ecc", { ...context, parentURL: library }).url;
      return next(specifier, { ...context, parentURL: declaring });
    },
  });
  try {
    const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
    const { verified } = await verifyAuthenticationResponse({
      response: {
        id: json.id,
        rawId: json.id,
        type: "public-key",
        clientExtensionResults: {},
        response: {
          clientDataJSON: json.client_data_json,
          authenticatorData: json.authenticator_data,
          signature: json.signature,
        },
      },
      expectedChallenge: asked.challenge.toString("base64url"),
      expectedOrigin: asked.origin,
      expectedRPID: asked.rp_id,
      credential: { id: json.id, publicKey: new Uint8Array(asked.cose), counter: 0 },
    });
    return verified;
  } finally {
    hooks.deregister();
  }
}

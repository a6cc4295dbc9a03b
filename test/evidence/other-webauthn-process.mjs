/** Checks one assertion with @simplewebauthn/server, which nothing of ours checks assertions with; says "verified". */
import { registerHooks } from "node:module";

// Its ASN.1 libraries may be installed in two versions, of which one does not know what the other declares: all of them get the one
// that its ECDSA signatures are declared with.
const library = import.meta.resolve("@simplewebauthn/server");
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== "@peculiar/asn1-schema") return next(specifier, context);
    const declaring = next("@peculiar/asn1-ecc", { ...context, parentURL: library }).url;
    return next(specifier, { ...context, parentURL: declaring });
  },
});

const asked = JSON.parse(process.argv[2]);
const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
const { verified } = await verifyAuthenticationResponse({
  response: {
    id: asked.id,
    rawId: asked.id,
    type: "public-key",
    clientExtensionResults: {},
    response: {
      clientDataJSON: asked.client_data_json,
      authenticatorData: asked.authenticator_data,
      signature: asked.signature,
    },
  },
  expectedChallenge: asked.challenge,
  expectedOrigin: asked.origin,
  expectedRPID: asked.rp_id,
  credential: {
    id: asked.id,
    publicKey: Uint8Array.from(Buffer.from(asked.cose, "base64url")),
    counter: 0,
  },
});
process.stdout.write(verified ? "verified\n" : "refused\n");

/** An authenticator in software: makes credentials of the three algorithms, enrols them and signs with them, as devices do. */
import { generateKeyPairSync, hash, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { CoseAlgorithm } from "../../src/audit/cose.ts";

/** What an assertion can be made wrong in. */
export type AssertionFaults = {
  type?: string;
  origin?: string;
  rp_id?: string;
  cross_origin?: boolean | undefined;
  /** Flags of the authenticator data; UP and UV by default. */
  flags?: number;
  sign_count?: number;
  /** Behind the authenticator data. */
  extra?: Buffer;
  /** In place of the client data that would be made. */
  client_data?: Buffer;
};

/** Answer of `navigator.credentials.get()` in the form of `contract/webauthn.ts`. */
export type AssertionJson = {
  id: string;
  client_data_json: string;
  authenticator_data: string;
  signature: string;
};

/** One credential on a device. */
export type Authenticator = {
  credential_id: Buffer;
  cose: Buffer;
  algorithm: CoseAlgorithm;
  enrol(
    challenge: string,
    faults?: AssertionFaults,
  ): { id: string; client_data_json: string; attestation_object: string };
  assert(challenge: Buffer, faults?: AssertionFaults): AssertionJson;
};

function head(major: number, n: number): Buffer {
  if (n < 24) return Buffer.from([(major << 5) | n]);
  if (n < 256) return Buffer.from([(major << 5) | 24, n]);
  return Buffer.from([(major << 5) | 25, n >> 8, n & 255]);
}

const int = (n: number): Buffer => (n < 0 ? head(1, -1 - n) : head(0, n));
const bytes = (value: Buffer): Buffer => Buffer.concat([head(2, value.length), value]);
const text = (value: string): Buffer => Buffer.concat([head(3, value.length), Buffer.from(value)]);

/** CBOR map of already encoded keys and values. */
export function cborMap(pairs: readonly (readonly [Buffer, Buffer])[]): Buffer {
  return Buffer.concat([head(5, pairs.length), ...pairs.flat()]);
}

/** A COSE_Key of labels with numbers or bytes. */
export function coseMap(fields: readonly (readonly [number, number | Buffer])[]): Buffer {
  return cborMap(
    fields.map(([label, value]) => [
      int(label),
      typeof value === "number" ? int(value) : bytes(value),
    ]),
  );
}

/** The COSE_Key of a public key. */
export function coseOf(key: KeyObject, algorithm: CoseAlgorithm): Buffer {
  const jwk = key.export({ format: "jwk" });
  const part = (name: "x" | "y" | "n" | "e"): Buffer => Buffer.from(String(jwk[name]), "base64url");
  if (algorithm === -7)
    return coseMap([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, part("x")],
      [-3, part("y")],
    ]);
  if (algorithm === -8)
    return coseMap([
      [1, 1],
      [3, -8],
      [-1, 6],
      [-2, part("x")],
    ]);
  return coseMap([
    [1, 3],
    [3, -257],
    [-1, part("n")],
    [-2, part("e")],
  ]);
}

function pairOf(algorithm: CoseAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === -7) return generateKeyPairSync("ec", { namedCurve: "P-256" });
  if (algorithm === -8) return generateKeyPairSync("ed25519");
  return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

/** Makes a credential for a relying party. */
export function createAuthenticator(
  place: { origin: string; rp_id: string },
  algorithm: CoseAlgorithm = -7,
): Authenticator {
  const { publicKey, privateKey } = pairOf(algorithm);
  const credentialId = randomBytes(32);
  const cose = coseOf(publicKey, algorithm);
  const id = credentialId.toString("base64url");
  const clientData = (type: string, challenge: string, faults: AssertionFaults): Buffer =>
    faults.client_data ??
    Buffer.from(
      JSON.stringify({
        type: faults.type ?? type,
        challenge,
        origin: faults.origin ?? place.origin,
        crossOrigin: faults.cross_origin ?? false,
      }),
    );
  const authenticatorData = (faults: AssertionFaults, flags: number): Buffer => {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(faults.sign_count ?? 0);
    return Buffer.concat([
      hash("sha256", faults.rp_id ?? place.rp_id, "buffer"),
      Buffer.from([faults.flags ?? flags]),
      count,
      faults.extra ?? Buffer.alloc(0),
    ]);
  };
  return {
    credential_id: credentialId,
    cose,
    algorithm,
    enrol(challenge, faults = {}) {
      const attested = Buffer.concat([
        Buffer.alloc(16),
        Buffer.from([credentialId.length >> 8, credentialId.length & 255]),
        credentialId,
        cose,
      ]);
      const data = authenticatorData({ ...faults, extra: attested }, 0x45);
      return {
        id,
        client_data_json: clientData("webauthn.create", challenge, faults).toString("base64url"),
        attestation_object: cborMap([
          [text("fmt"), text("none")],
          [text("attStmt"), cborMap([])],
          [text("authData"), bytes(data)],
        ]).toString("base64url"),
      };
    },
    assert(challenge, faults = {}) {
      const client = clientData("webauthn.get", challenge.toString("base64url"), faults);
      const data = authenticatorData(faults, 0x05);
      const signed = Buffer.concat([data, hash("sha256", client, "buffer")]);
      const signature = sign(algorithm === -8 ? null : "sha256", signed, privateKey);
      return {
        id,
        client_data_json: client.toString("base64url"),
        authenticator_data: data.toString("base64url"),
        signature: signature.toString("base64url"),
      };
    },
  };
}

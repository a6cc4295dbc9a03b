/** Witnesses: cosignatures on a checkpoint (C2SP tlog-cosignature, Ed25519 with a timestamp) against the keys that were asked for. */
import { createPublicKey, hash, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { SignedCheckpoint } from "./checkpoint.ts";
import { decodeBase64, FormatError } from "./encoding.ts";

/** Signature type byte of timestamped Ed25519 cosignatures. */
const cosignatureType = 0x04;

/** Which witnesses are asked for, as vkeys, and how many of them must have signed. */
export type WitnessPolicy = { vkeys: readonly string[]; needed: number };

type WitnessKey = { name: string; keyId: Buffer; publicKey: KeyObject };

/** Names of the witnesses of the policy whose cosignature holds. Throws FormatError for a vkey that is malformed. */
export function witnessesOf(checkpoint: SignedCheckpoint, policy: WitnessPolicy): string[] {
  const names = policy.vkeys
    .map(parseWitnessKey)
    .filter((key) => isCosigned(checkpoint, key))
    .map(({ name }) => name);
  return [...new Set(names)];
}

/** Reads `name+hash+base64(0x04 ‖ public key)`; throws FormatError. */
export function parseWitnessKey(vkey: string): WitnessKey {
  const [name = "", id = "", ...rest] = vkey.split("+");
  const typed = decodeBase64(rest.join("+"), "witness key");
  const raw = typed.subarray(1);
  if (name === "" || typed[0] !== cosignatureType || raw.length !== 32)
    throw new FormatError("witness key: not an Ed25519 key of type 0x04");
  const keyId = hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), typed]), "buffer").subarray(
    0,
    4,
  );
  if (keyId.toString("hex") !== id)
    throw new FormatError("witness key: the key id is not that of name and key");
  const jwk = { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") };
  return { name, keyId, publicKey: createPublicKey({ key: jwk, format: "jwk" }) };
}

/** The signed text is `cosignature/v1`, the time in seconds, and the checkpoint's body. */
function isCosigned({ text, signatures }: SignedCheckpoint, key: WitnessKey): boolean {
  return signatures.some(({ name, keyId, signature }) => {
    if (name !== key.name || !keyId.equals(key.keyId) || signature.length !== 8 + 64) return false;
    const signed = `cosignature/v1\ntime ${signature.readBigUInt64BE(0)}\n${text}`;
    return verify(null, Buffer.from(signed), key.publicKey, signature.subarray(8));
  });
}

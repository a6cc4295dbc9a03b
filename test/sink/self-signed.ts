/** A self-signed certificate made at run time for TLS tests, in plain DER (RFC 5280), so that no private key lies in the repository. */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface KeyAndCertificate {
  /** PEM. */
  readonly key: string;
  /** PEM. */
  readonly cert: string;
}

const OID_ECDSA_SHA256 = Buffer.from("06082a8648ce3d040302", "hex");
const OID_COMMON_NAME = Buffer.from("0603550403", "hex");
const OID_SUBJECT_ALT_NAME = Buffer.from("0603551d11", "hex");
const OID_BASIC_CONSTRAINTS = Buffer.from("0603551d13", "hex");

/** A P-256 certificate that is its own authority, valid from `from` for ten years, for the given DNS names and IPv4 addresses. */
export function selfSigned(
  names: readonly string[],
  from = new Date("2025-01-01T00:00:00Z"),
): KeyAndCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = der(
    0x30,
    der(0x31, der(0x30, OID_COMMON_NAME, der(0x0c, Buffer.from(names[0] ?? "test")))),
  );
  const until = new Date(from);
  until.setUTCFullYear(from.getUTCFullYear() + 10);
  const algorithm = der(0x30, OID_ECDSA_SHA256);
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    name,
    der(0x30, time(from), time(until)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(
      0xa3,
      der(
        0x30,
        extension(OID_BASIC_CONSTRAINTS, der(0x30, der(0x01, Buffer.from([0xff])))),
        extension(OID_SUBJECT_ALT_NAME, altNames(names)),
      ),
    ),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature));
  const base64 = certificate
    .toString("base64")
    .match(/.{1,64}/g)!
    .join("\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  };
}

function altNames(names: readonly string[]): Buffer {
  return der(
    0x30,
    ...names.map((name) => {
      const octets = name.split(".").map(Number);
      const is_address = octets.length === 4 && octets.every((octet) => octet >= 0 && octet <= 255);
      return is_address ? der(0x87, Buffer.from(octets)) : der(0x82, Buffer.from(name));
    }),
  );
}

function extension(oid: Buffer, value: Buffer): Buffer {
  return der(0x30, oid, der(0x04, value));
}

function time(at: Date): Buffer {
  return der(0x17, Buffer.from(`${at.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
}

/** One DER element: tag, length, content. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(
    body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, "0"),
    "hex",
  );
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

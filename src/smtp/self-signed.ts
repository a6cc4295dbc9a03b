/** A self-signed certificate made with node:crypto alone, in plain DER (RFC 5280), for STARTTLS where nobody brought a better one. */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";

/** Key and certificate, both PEM. */
export interface SelfSigned {
  readonly key: string;
  readonly cert: string;
}

const ECDSA_SHA256 = Buffer.from("06082a8648ce3d040302", "hex");
const COMMON_NAME = Buffer.from("0603550403", "hex");
const SUBJECT_ALT_NAME = Buffer.from("0603551d11", "hex");
const BASIC_CONSTRAINTS = Buffer.from("0603551d13", "hex");
/** A clock that is behind ours should still find the certificate valid. */
const DAY = 86_400_000;
/** RFC 5280 upper bound `ub-common-name`. */
const MAX_COMMON_NAME = 64;

/**
 * A P-256 certificate for a DNS name or IPv4 address, valid ten years from the day before `now`. Opportunistic TLS
 * between mail servers checks no names (RFC 7435), so this keeps out those who only listen. The caller keeps it.
 */
export function selfSignedCertificate(name: string, now: Date): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const from = new Date(now.getTime() - DAY);
  const until = new Date(from.getTime() + 3652 * DAY);
  const common = der(0x0c, Buffer.from(name.slice(0, MAX_COMMON_NAME)));
  const subject = der(0x30, der(0x31, der(0x30, COMMON_NAME, common)));
  const algorithm = der(0x30, ECDSA_SHA256);
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    // A positive number of 16 octets without a leading zero octet.
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    subject,
    der(0x30, time(from), time(until)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(
      0xa3,
      der(
        0x30,
        extension(BASIC_CONSTRAINTS, der(0x30)),
        extension(SUBJECT_ALT_NAME, der(0x30, altName(name))),
      ),
    ),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = certificate.toString("base64").replace(/.{1,64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
  };
}

function altName(name: string): Buffer {
  if (isIPv4(name)) return der(0x87, Buffer.from(name.split(".").map(Number)));
  return der(0x82, Buffer.from(name));
}

function extension(oid: Buffer, value: Buffer): Buffer {
  return der(0x30, oid, der(0x04, value));
}

/** UTCTime up to 2049, GeneralizedTime after it (RFC 5280 §4.1.2.5). */
function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]/g, "").slice(0, 14);
  return at.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : der(0x18, Buffer.from(`${digits}Z`));
}

/** One DER element: tag, length, content. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const hex = body.length.toString(16);
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

/** The one accepted spelling of everything the log writes as text: canonical JSON, base64, decimals, UTF-8. */
import canonicalize from "canonicalize";

/** Bytes or text that are not what their format says. Its message names the place and is safe to show. */
export class FormatError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FormatError";
  }
}

/** RFC 8785 canonical JSON of `value` as UTF-8 bytes; throws FormatError where JSON has no form for it (NaN, lone surrogate, circle). */
export function encodeCanonical(value: unknown, what: string): Buffer {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new FormatError(`${what}: no canonical JSON form`, { cause });
  }
  if (text === undefined) throw new FormatError(`${what}: no canonical JSON form`);
  return Buffer.from(text, "utf8");
}

/**
 * Reads RFC 8785 canonical JSON of at most `maxBytes` bytes. Any other spelling of the same value (white space,
 * key order, duplicate keys, number forms) is a FormatError, so that one value has one hash.
 */
export function decodeCanonical(bytes: Uint8Array, maxBytes: number, what: string): unknown {
  if (bytes.length > maxBytes) throw new FormatError(`${what}: longer than ${maxBytes} bytes`);
  const text = decodeUtf8(bytes, what);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${what}: not JSON`, { cause });
  }
  if (!encodeCanonical(value, what).equals(bytes))
    throw new FormatError(`${what}: not canonical JSON (RFC 8785)`);
  return value;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Strict UTF-8; a byte order mark is kept as the character it is. */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new FormatError(`${what}: not UTF-8`, { cause });
  }
}

/** Strict base64 (RFC 4648 section 4, padded): text that would not be written back the same is refused. */
export function decodeBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw new FormatError(`${what}: not base64`);
  return bytes;
}

/** Strict base64url without padding (RFC 4648 section 5). */
export function decodeBase64url(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text) throw new FormatError(`${what}: not base64url`);
  return bytes;
}

/** A non-negative decimal without leading zeroes, at most 2^53 - 1. */
export function decodeDecimal(text: string, what: string): number {
  const value = Number(text);
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text) || !Number.isSafeInteger(value)) {
    throw new FormatError(`${what}: not a decimal number without leading zeroes`);
  }
  return value;
}

/** `value` as an object that has all `required` fields, perhaps `optional` ones, and no others. */
export function decodeObject(
  value: unknown,
  what: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Record<string, unknown> {
  if (!isObject(value)) throw new FormatError(`${what}: not an object`);
  for (const name of required) {
    if (!Object.hasOwn(value, name)) throw new FormatError(`${what}: field ${name} is missing`);
  }
  for (const name of Object.keys(value)) {
    if (!required.includes(name) && !optional.includes(name)) {
      throw new FormatError(`${what}: unknown field ${JSON.stringify(name.slice(0, 40))}`);
    }
  }
  return value;
}

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `value` as a string that is not empty and, where given, matches `pattern`. */
export function decodeString(value: unknown, what: string, pattern?: RegExp): string {
  if (typeof value !== "string" || value === "")
    throw new FormatError(`${what}: not a text, or empty`);
  if (pattern !== undefined && !pattern.test(value))
    throw new FormatError(`${what}: not of the required form`);
  return value;
}

/** `value` as one of `choices`. */
export function decodeChoice<const T extends string>(
  value: unknown,
  what: string,
  choices: readonly T[],
): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new FormatError(`${what}: not one of ${choices.join(", ")}`);
  return found;
}

/** `value` as an array of at most `max` elements, each read by `decode` with its place. */
export function decodeArray<T>(
  value: unknown,
  what: string,
  max: number,
  decode: (element: unknown, what: string) => T,
): T[] {
  if (!Array.isArray(value)) throw new FormatError(`${what}: not a list`);
  if (value.length > max) throw new FormatError(`${what}: more than ${max} elements`);
  return value.map((element: unknown, i) => decode(element, `${what}[${i}]`));
}

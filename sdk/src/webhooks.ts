/** Verification of webhooks: the Standard Webhooks signature, and the one that older clients check. */
import { MultiMailError, WebhookVerificationError } from "./errors.ts";

export { WebhookVerificationError } from "./errors.ts";

/** Headers as fetch has them, or as Node and frameworks do. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request that says it is a webhook. */
export type ReceivedWebhook = {
  /** The subscription's `signing_secret`; several while it is being rotated. */
  secret: string | readonly string[];
  headers: WebhookHeaders;
  /** The body exactly as it came: parsing it and writing it again makes other bytes. */
  body: string | Uint8Array;
  /** How far the sender's clock may be away, in seconds. */
  toleranceSeconds?: number;
  /** The present, in milliseconds. */
  now?: number;
};

/** What a webhook carries. */
export type WebhookEvent = {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
  [field: string]: unknown;
};

/** A secret is at most 512 characters long, and more signatures than this are not looked at. */
const most = { secret: 512, signatures: 20, body: 16 * 1024 * 1024 };

/**
 * Checks a webhook by its Standard Webhooks headers and answers its parsed body. One of the signatures must be right for
 * one of the secrets, compared in constant time, and the time within 5 minutes. Remember `webhook-id`: the same event may
 * arrive twice. Throws {@link WebhookVerificationError}.
 */
export async function verifyWebhook<T = WebhookEvent>(received: ReceivedWebhook): Promise<T> {
  const id = header(received.headers, "webhook-id");
  const time = header(received.headers, "webhook-timestamp");
  const signatures = header(received.headers, "webhook-signature");
  if (id === "" || time === "" || signatures === "")
    throw new WebhookVerificationError("The webhook headers are missing.");
  if (!/^\d{1,12}$/.test(time))
    throw new WebhookVerificationError("webhook-timestamp is not a number.");
  const seconds = (received.now ?? Date.now()) / 1000;
  if (!(Math.abs(seconds - Number(time)) <= (received.toleranceSeconds ?? 300)))
    throw new WebhookVerificationError("The webhook is too old, or from the future.");
  const body = bytesOf(received.body);
  const signed = join(bytesOf(`${id}.${time}.`), body);
  const given = signatures
    .split(" ", most.signatures)
    .filter((one) => one.startsWith("v1,"))
    .map((one) => fromBase64(one.slice(3)));
  for (const secret of [received.secret].flat())
    if (await anySigns(standardKey(secret), given, signed)) return parse(body) as T;
  throw new WebhookVerificationError("No signature fits the secret.");
}

/**
 * Checks a webhook by `X-MultiMail-Signature: sha256=<hex>`, an HMAC over the body alone, as clients of the existing
 * service do. It says nothing of the time: prefer {@link verifyWebhook}. Throws {@link WebhookVerificationError}.
 */
export async function verifyCompatWebhook<T = WebhookEvent>(
  received: Pick<ReceivedWebhook, "secret" | "headers" | "body">,
): Promise<T> {
  const hex = /^sha256=([0-9a-f]{64})$/i.exec(header(received.headers, "x-multimail-signature"));
  if (hex?.[1] === undefined)
    throw new WebhookVerificationError("X-MultiMail-Signature is missing or malformed.");
  const body = bytesOf(received.body);
  for (const secret of [received.secret].flat())
    if (await anySigns(bytesOf(secret), [fromHex(hex[1])], body)) return parse(body) as T;
  throw new WebhookVerificationError("The signature does not fit the secret.");
}

/** Signs a body as the server does, for tests of a receiver: the three headers by name. `now` is in milliseconds. */
export async function signWebhook(
  secret: string,
  id: string,
  body: string | Uint8Array,
  now = Date.now(),
): Promise<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>> {
  const time = String(Math.floor(now / 1000));
  const key = await hmacKey(standardKey(secret), "sign");
  const signed = join(bytesOf(`${id}.${time}.`), bytesOf(body));
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, signed));
  return {
    "webhook-id": id,
    "webhook-timestamp": time,
    "webhook-signature": `v1,${btoa(String.fromCharCode(...signature))}`,
  };
}

/** True when one of the signatures is right: `verify` of Web Crypto compares in constant time. */
async function anySigns(
  secret: Uint8Array<ArrayBuffer>,
  signatures: readonly Uint8Array<ArrayBuffer>[],
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const key = await hmacKey(secret, "verify");
  const right = await Promise.all(
    signatures.map((signature) => crypto.subtle.verify("HMAC", key, signature, signed)),
  );
  return right.includes(true);
}

function hmacKey(secret: Uint8Array<ArrayBuffer>, use: "sign" | "verify") {
  return crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, [use]);
}

/** The key of a Standard Webhooks secret: what follows `whsec_` is base64. */
function standardKey(secret: string): Uint8Array<ArrayBuffer> {
  const key = secret.length > most.secret ? null : fromBase64(secret.replace(/^whsec_/, ""));
  if (key === null || key.length === 0)
    throw new MultiMailError("The webhook secret is not whsec_ followed by base64.");
  return key;
}

function header(headers: WebhookHeaders, name: string): string {
  if (typeof headers.get === "function")
    return (headers as { get(name: string): string | null }).get(name) ?? "";
  for (const [key, value] of Object.entries(headers as Record<string, unknown>))
    if (key.toLowerCase() === name) return typeof value === "string" ? value : "";
  return "";
}

function bytesOf(text: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  if (bytes.length > most.body) throw new WebhookVerificationError("The body is too large.");
  return new Uint8Array(bytes);
}

function join(
  before: Uint8Array<ArrayBuffer>,
  after: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(before.length + after.length);
  whole.set(before);
  whole.set(after, before.length);
  return whole;
}

/** The bytes; none for what is not base64, which then signs nothing. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new WebhookVerificationError("The body is not JSON.");
  }
}

/** Links by which one person decides on one message without signing in: stateless, signed, and dead once the message expires. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { idPattern } from "../core/id.ts";
import type { EngineContext } from "./context.ts";

const id = z.string().regex(idPattern);
const claims = z.strictObject({
  o: id,
  m: id,
  p: id,
  d: z.string().regex(/^[0-9a-f]{64}$/),
  v: z.enum(["chat", "link"]),
  /** Seconds since the epoch. */
  x: z.int().min(0),
});

/** Whom a link lets decide on what, and how they came by it. */
export type DecisionLink = {
  operator_id: string;
  message_id: string;
  /** The content that the person was told of. */
  digest: string;
  person_id: string;
  via: "chat" | "link";
  /** When the message expires. */
  expires_at: Date;
};

/** Longest token that is looked at, in characters; ours are about 300. */
const maxToken = 600;

/** The address of the page behind the link: `<public_url>/approve/<token>`. It decides nothing by itself: GET shows, POST decides. */
export function decisionLink(
  context: Pick<EngineContext, "link_key" | "public_url">,
  link: DecisionLink,
): string {
  const body = Buffer.from(
    JSON.stringify({
      o: link.operator_id,
      m: link.message_id,
      p: link.person_id,
      d: link.digest,
      v: link.via,
      x: Math.floor(link.expires_at.getTime() / 1000),
    }),
  ).toString("base64url");
  return `${context.public_url}/approve/${body}.${macOf(context.link_key, body).toString("base64url")}`;
}

/**
 * What a token stands for; null where it is not ours or its time is over. Whether the person still may, and the message still waits
 * with that digest, is for the caller to ask.
 */
export function readDecisionLink(
  context: Pick<EngineContext, "link_key" | "now">,
  token: string,
): DecisionLink | null {
  if (token.length > maxToken || !/^[\w-]+\.[\w-]{43}$/.test(token)) return null;
  const [body = "", mac = ""] = token.split(".");
  const given = Buffer.from(mac, "base64url");
  const wanted = macOf(context.link_key, body);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
  const read = claims.safeParse(JSON.parse(Buffer.from(body, "base64url").toString()));
  if (!read.success) return null;
  const { o, m, p, d, v, x } = read.data;
  const expires = new Date(x * 1000);
  if (expires <= context.now()) return null;
  return { operator_id: o, message_id: m, person_id: p, digest: d, via: v, expires_at: expires };
}

function macOf(key: Buffer, body: string): Buffer {
  return createHmac("sha256", key).update(`decision link\n${body}`).digest();
}

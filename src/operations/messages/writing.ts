/** The fields in which mail is written, and how they are read: shared by every operation that writes mail. */
import { z } from "zod";
import { time } from "../../contract/resources.ts";
import { gateTimings } from "../../core/oversight/types.ts";
import { Refusal } from "../../core/refusal.ts";

/** Recipients: one or several. */
export const addresses = z
  .union([z.string().max(1000), z.array(z.string().max(1000)).max(50)])
  .transform((value) => (typeof value === "string" ? [value] : value));

/** A file. */
// Both spellings are taken: `name` and `content_base64` are what existing clients send.
export const attachment = z.strictObject({
  filename: z.string().min(1).max(255).optional(),
  name: z.string().min(1).max(255).optional().describe("The same as filename"),
  content_type: z
    .string()
    .max(200)
    .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/, "must be a media type such as application/pdf")
    .default("application/octet-stream"),
  content: z.string().optional().describe("The bytes in base64"),
  content_base64: z.string().optional().describe("The same as content"),
  content_id: z
    .string()
    .min(1)
    .max(240)
    .optional()
    .describe("Of a picture: ![what it shows](cid:that-id) in the markdown shows it there"),
});

/** Tags and metadata. */
export const labels = z
  .record(
    z.string().regex(/^[\w.-]{1,64}$/, "keys are 1 to 64 of A-Z a-z 0-9 _ . -"),
    z.string().max(500),
  )
  .refine((value) => Object.keys(value).length <= 50, "at most 50 keys");

/** Attachments of one message, decoded, in bytes. */
const maxAttachmentBytes = 25 * 1024 * 1024;

/** Largest body of a request that carries attachments, in bytes. */
export const maxMailBody = 40 * 1024 * 1024;

/** The body of a message. */
export const markdown = z
  .string()
  .max(1024 * 1024)
  .describe("The body in markdown");

/** When a message is to leave. */
export const sendAt = time.describe(
  "When it is to leave: ISO 8601 with offset, at most a year ahead",
);

/** How long delivery is tried. */
export const expiresIn = z
  .int()
  .min(60)
  .max(5 * 86_400)
  .describe(
    "Seconds after the first attempt beyond which delivery is given up (60 to 432000, usually 5 days): for codes and links that are of no use later",
  );

/** Gate and wait in their order. */
export const gateTiming = z
  .enum(gateTimings)
  .describe(
    "gate_first (usual): people decide as soon as it is written, and it leaves at send_at; schedule_first: it waits until send_at, then people are asked",
  );

type Decoded = {
  filename: string;
  content_type: string;
  content: Buffer;
  content_id?: string | undefined;
};

/** Decodes attachments; throws `validation_failed` naming the field, or `payload_too_large`. */
export function decodeAttachments(given: readonly z.output<typeof attachment>[]): Decoded[] {
  const attachments = given.map((one, i) => decode(one, `attachments[${i}]`));
  const total = attachments.reduce((sum, one) => sum + one.content.length, 0);
  if (total > maxAttachmentBytes)
    throw new Refusal("payload_too_large", "attachments: more than 25 MiB together.", {
      field: "attachments",
    });
  return attachments;
}

/** The one idempotency key of a call. Throws `invalid_idempotency_key` for one of no use, or two that differ. */
export function idempotencyKey(
  body: string | undefined,
  header: string | undefined,
): string | undefined {
  if (body !== undefined && header !== undefined && body !== header)
    throw new Refusal(
      "invalid_idempotency_key",
      "The header and the body give different idempotency keys.",
      {
        field: "idempotency_key",
      },
    );
  const key = body ?? header;
  if (key !== undefined && !/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key))
    throw new Refusal(
      "invalid_idempotency_key",
      "idempotency_key: empty, too long or not printable ASCII.",
      {
        field: "idempotency_key",
        hint: "Use 1 to 255 printable characters, such as a UUID.",
      },
    );
  return key;
}

/** Of two spellings one is enough; two that disagree are refused, since one of them would be dropped. */
function assertOneSpelling(
  given: z.output<typeof attachment>,
  ours: "filename" | "content",
  theirs: "name" | "content_base64",
  field: string,
): void {
  if (given[ours] !== undefined && given[theirs] !== undefined && given[ours] !== given[theirs])
    throw new Refusal(
      "validation_failed",
      `${field}.${theirs}: differs from ${ours}, which means the same.`,
      {
        field: `${field}.${theirs}`,
      },
    );
}

function decode(given: z.output<typeof attachment>, field: string): Decoded {
  assertOneSpelling(given, "filename", "name", field);
  assertOneSpelling(given, "content", "content_base64", field);
  const filename = given.filename ?? given.name;
  if (filename === undefined)
    throw new Refusal("validation_failed", `${field}.filename: is missing.`, {
      field: `${field}.filename`,
    });
  const text = given.content ?? given.content_base64;
  if (text === undefined)
    throw new Refusal("validation_failed", `${field}.content: is missing.`, {
      field: `${field}.content`,
      hint: "Give the bytes in base64.",
    });
  const compact = /\s/.test(text) ? text.replaceAll(/\s+/g, "") : text;
  const content = Buffer.from(compact, "base64");
  // The decoder passes over what is no base64: then there are fewer bytes than so many characters carry.
  const padding = compact.endsWith("==") ? 2 : compact.endsWith("=") ? 1 : 0;
  if (compact.length % 4 !== 0 || content.length !== (compact.length / 4) * 3 - padding)
    throw new Refusal("validation_failed", `${field}.content: is not base64.`, {
      field: `${field}.content`,
    });
  const { content_type, content_id } = given;
  return { filename, content_type, content, ...(content_id === undefined ? {} : { content_id }) };
}

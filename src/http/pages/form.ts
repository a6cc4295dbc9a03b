/** Reading of a form that a person sent: URL-encoded, in UTF-8, within a small limit. */
import type { HttpBindings } from "@hono/node-server";
import { Refusal } from "../../core/refusal.ts";
import { announcedBody, readBody } from "../body.ts";

/** A reason of some pages fits many times. */
const usualLimit = 64 * 1024;

/**
 * The fields of the form. Throws `payload_too_large`, `unsupported_media_type` or `validation_failed`.
 * Nothing may be awaited before the call: see {@link announcedBody}.
 */
export async function readForm(
  request: Request,
  env: Partial<HttpBindings> | undefined,
  limit = usualLimit,
): Promise<URLSearchParams> {
  const announced = announcedBody(request, env, limit);
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (announced !== "none" && type !== "application/x-www-form-urlencoded")
    throw new Refusal("unsupported_media_type", "This address takes forms only.");
  const body = await readBody(request, announced, limit);
  try {
    return new URLSearchParams(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new Refusal("validation_failed", "The form is not valid UTF-8.");
  }
}

/** The text of a field as a person typed it: line ends as `\n`, nothing around it; `""` when absent. */
export function typed(form: URLSearchParams, name: string): string {
  return (form.get(name) ?? "").replace(/\r\n?/g, "\n").trim();
}

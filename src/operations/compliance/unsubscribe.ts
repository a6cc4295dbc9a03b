/** `unsubscribe`: one-click by POST (RFC 8058), a page by GET that changes nothing. */
import { z } from "zod";
import { bytes } from "../../contract/operation.ts";
import { operation } from "../context.ts";

const link = {
  tag: "compliance",
  path: "/v1/unsubscribe/{token}",
  access: "public",
  output: { content_type: "text/html; charset=utf-8" },
  status: 200,
  refusals: ["invalid_link", "content_erased"],
  tool: false,
  // A wish to stop is never lost to a tracker's parameter or a field that a mail program adds.
  path_only: true,
} as const;
const token = z.string().max(200);

export const showUnsubscribe = operation({
  ...link,
  name: "show_unsubscribe",
  summary: "Show the unsubscribe page",
  description:
    "Shows who would no longer be written to, with a button. Opening the link changes nothing, so link scanners cannot unsubscribe anybody.",
  method: "GET",
  effect: "read",
  input: z.strictObject({ token }),
  async handle({ engine }, input) {
    const { mailbox_address, ...whom } = await engine.readUnsubscribe(input.token);
    return html(
      "Unsubscribe",
      `<p>Stop mail from <strong>${escape(mailbox_address)}</strong> to ${nameOf(whom)}?</p>
<form method="post"><button>Unsubscribe</button></form>`,
    );
  },
});

export const unsubscribe = operation({
  ...link,
  name: "unsubscribe",
  summary: "Unsubscribe",
  description:
    "Suppresses the address the link was made for. Mail clients call it by RFC 8058 one-click.",
  method: "POST",
  form: true,
  effect: "write",
  // RFC 8058 section 3.2: the body of a one-click POST.
  input: z.strictObject({ token, "List-Unsubscribe": z.string().max(100).optional() }),
  async handle({ engine }, input) {
    const { mailbox_address, ...whom } = await engine.unsubscribe(input.token);
    return html(
      "Unsubscribed",
      `<p><strong>${escape(mailbox_address)}</strong> will not write to ${nameOf(whom)} again.</p>`,
    );
  },
});

/** Nobody knows the address any more where the message was erased. */
function nameOf({ address, erased }: { address: string; erased: boolean }): string {
  return erased ? "the address that this message went to" : `<strong>${escape(address)}</strong>`;
}

function html(title: string, body: string): ReturnType<typeof bytes> {
  return bytes(
    "text/html; charset=utf-8",
    Buffer.from(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
<title>${title}</title></head><body><main><h1>${title}</h1>
${body}</main></body></html>
`),
  );
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

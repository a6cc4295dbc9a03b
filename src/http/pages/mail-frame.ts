/** Foreign content under our own origin: mail as HTML for a sandboxed frame, raw mail and JSON as downloads. */
import { html as markup, raw } from "hono/html";
import { attachment, dataPolicy } from "../headers.ts";
import { visibleHtml } from "./display.ts";

/** Nothing but the mail's own styles and inlined images; `sandbox` holds even where the address is opened by itself. */
export const framePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox";

/** The document inside the frame. The policy is what makes it harmless; that `html_safe` was cleaned is a second wall. */
export async function mailFrame(html_safe: string): Promise<Response> {
  const document = await markup`<!doctype html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Message</title>
<style>html{background:#fff;color:#1b2230;color-scheme:light}body{margin:1rem;font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}img{max-width:100%;height:auto}</style>
</head><body>${raw(visibleHtml(html_safe))}</body></html>`;
  return new Response(document.toString(), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": framePolicy,
      "x-frame-options": "SAMEORIGIN",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-dns-prefetch-control": "off",
      "referrer-policy": "no-referrer",
    },
  });
}

/** Bytes to be saved, never shown. */
export function download(body: Uint8Array, content_type: string, filename: string): Response {
  return new Response(body as Uint8Array<ArrayBuffer>, {
    headers: {
      "content-type": content_type,
      "content-disposition": attachment(filename),
      "content-security-policy": dataPolicy,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}

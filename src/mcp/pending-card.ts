/** The card that MCP hosts show beside a call that sends: the message, how it stands, and the way to the person who decides. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ReadResourceResult, Resource } from "@modelcontextprotocol/server";
import type { OperationSpec } from "../contract/operation.ts";

/** Where hosts find the card (MCP Apps, revision 2026-01-26). */
export const cardUri = "ui://multimail/pending-message";

/** The media type of such pages. */
export const cardMimeType = "text/html;profile=mcp-app";

/** Nothing is loaded, framed or asked for by the page itself: it speaks to its host only. */
const _meta = {
  ui: {
    csp: { connectDomains: [], resourceDomains: [], frameDomains: [], baseUriDomains: [] },
    prefersBorder: true,
  },
};

/** As `resources/list` names it. */
export const cardResource: Resource = {
  uri: cardUri,
  name: "pending-message",
  title: "A message and its decision",
  description: "Shows a message that waits for a person, and how it stands. It cannot decide.",
  mimeType: cardMimeType,
  _meta,
};

const file = (name: string): string =>
  readFileSync(new URL(`./${name}`, import.meta.url), "utf8").trim();
const style = file("pending-card.css");
const script = file("pending-card.js");
const hash = (text: string): string =>
  `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** True for tools whose answer is one message that may wait: those that send, and the one that waits for a decision. */
export function showsCard(
  operation: Pick<OperationSpec, "effect" | "waits">,
  output: { properties?: object | undefined } | null,
): boolean {
  const told = output?.properties ?? {};
  return (
    (operation.effect === "send" || operation.waits === true) &&
    Object.hasOwn(told, "id") &&
    Object.hasOwn(told, "status")
  );
}

/** The page, which sends people to `publicUrl` to decide. */
export function readCard(publicUrl: string): ReadResourceResult {
  return {
    contents: [{ uri: cardUri, mimeType: cardMimeType, text: cardHtml(publicUrl), _meta }],
  };
}

/** The HTML whole: one inline style and one inline script, named to the browser by their hashes. */
export function cardHtml(publicUrl: string): string {
  const url = new URL(publicUrl).origin.replaceAll('"', "%22");
  const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="multimail-url" content="${url}">
<title>Message and decision</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Message</h1>
<p id="state" role="status">Waiting for the answer of the call…</p>
<dl id="head" hidden>
<dt>From</dt><dd id="from"></dd>
<dt>To</dt><dd id="to"></dd>
<dt>Subject</dt><dd id="subject"></dd>
</dl>
<div id="text" role="region" aria-label="Text of the message" tabindex="0" hidden></div>
<p id="reason" hidden></p>
<p id="where" hidden>Only a person decides, on the review page: <button id="open" type="button">Open the review page</button> <span id="address"></span></p>
</main>
<script type="module">${script}</script>
</body>
</html>`;
}

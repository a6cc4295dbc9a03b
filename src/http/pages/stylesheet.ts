/** The one stylesheet of the pages, served under an address that changes with its content. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const css = readFileSync(new URL("./pages.css", import.meta.url));
const version = createHash("sha256").update(css).digest("hex").slice(0, 12);

/** Where pages link to. */
export const stylesheetPath = `/assets/pages.css?v=${version}`;

/** The stylesheet; for ever, when asked for by its version. */
export function stylesheet(asked_version: string | null): Response {
  return new Response(css, {
    headers: {
      "content-type": "text/css; charset=utf-8",
      "cache-control":
        asked_version === version ? "public, max-age=31536000, immutable" : "no-cache",
      "x-content-type-options": "nosniff",
    },
  });
}

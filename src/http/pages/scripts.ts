/** The scripts of the pages: files of ours, served under addresses that change with their content. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const names = ["sign-in", "decide", "sign-up", "verify"] as const;

/** A script that a page can run. */
export type ScriptName = (typeof names)[number];

const files = new Map(
  names.map((name) => {
    const text = readFileSync(new URL(`./${name}.js`, import.meta.url));
    return [name, { text, version: createHash("sha256").update(text).digest("hex").slice(0, 12) }];
  }),
);

/** Where pages link to. */
export function scriptPath(name: ScriptName): string {
  return `/assets/${name}.js?v=${files.get(name)?.version ?? ""}`;
}

/** A script; for ever, when asked for by its version. */
export function script(name: ScriptName, asked_version: string | null): Response {
  const file = files.get(name);
  return new Response(file?.text, {
    headers: {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control":
        asked_version === file?.version ? "public, max-age=31536000, immutable" : "no-cache",
      "x-content-type-options": "nosniff",
    },
  });
}

/** Every script with its address. */
export const scriptNames: readonly ScriptName[] = names;

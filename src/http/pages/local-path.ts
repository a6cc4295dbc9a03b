/** A path of ours out of what a request said: never an address that leads elsewhere. */

/** The path with its query, or `/` for whatever is none or could be read as another site's. */
export function localPath(text: string | null): string {
  if (text === null || text.length > 2000 || !/^\/[\x21-\x5b\x5d-\x7e]*$/.test(text)) return "/";
  const base = "http://local.invalid";
  const url = URL.parse(text, base);
  if (!url || url.origin !== base) return "/";
  const path = url.pathname + url.search;
  // "/.//evil.example" is a path of ours before dots are taken out, and another site after.
  return path.startsWith("//") ? "/" : path;
}

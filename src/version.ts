/** The release this is, from package.json. */
import { readFileSync } from "node:fs";

/** Semantic version. */
export const version: string = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  }
).version;

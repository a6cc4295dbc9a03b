#!/usr/bin/env node
/** The command `multimail`: runs src/multimail.ts on a Node that can, as scripts/run.mjs does. */
import { join } from "node:path";
import { checkout } from "./install-dependencies.mjs";
import { run } from "./run.mjs";

await run(join(checkout, "src", "multimail.ts"), process.argv.slice(2));

/** Writes every generated file of the repository: the OpenAPI document, the SDKs of it, and the oversight vectors. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openApiOf } from "../src/openapi-document.ts";
import { allOperations } from "../src/operations/all.ts";
import { sdkFiles } from "./generate-sdk.ts";
import { oversightVectors } from "./generate-vectors.ts";

const root = join(import.meta.dirname, "..");

const files = [
  { file: "openapi.json", content: `${JSON.stringify(openApiOf(allOperations), null, 2)}\n` },
  ...sdkFiles(),
  ...oversightVectors(),
];
for (const { file, content } of files) {
  const path = join(root, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  process.stdout.write(`${file} (${content.length} characters)\n`);
}

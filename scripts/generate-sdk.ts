/** The generated files of both SDKs. */
import { openApiOf } from "../src/openapi-document.ts";
import { allOperations } from "../src/operations/all.ts";
import { sdkModel } from "./generate-sdk-model.ts";
import { pythonSdk } from "./generate-sdk-python.ts";
import { typescriptSdk } from "./generate-sdk-typescript.ts";

/** Path from the root → text. */
export function sdkFiles(): { file: string; content: string }[] {
  const model = sdkModel(openApiOf(allOperations), allOperations);
  return [...typescriptSdk(model), ...pythonSdk(model)];
}

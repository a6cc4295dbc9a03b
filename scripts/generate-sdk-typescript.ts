/** Prints the generated half of the TypeScript SDK: its types, the table of operations and a method for each. */
import type { Field, Method, Model, Shape } from "./generate-sdk-model.ts";
import { pascalCase, wrap } from "./generate-sdk-model.ts";

/** The files by their path from the root. */
export function typescriptSdk(model: Model): { file: string; content: string }[] {
  return [
    { file: "sdk/src/generated/types.ts", content: typesFile(model) },
    { file: "sdk/src/generated/operations.ts", content: operationsFile(model) },
  ];
}

/** The name of an operation's input type. */
const inputName = (method: Method): string => `${pascalCase(method.name)}Input`;
const outputName = (method: Method): string => `${pascalCase(method.name)}Output`;

function typesFile({ types, methods, version }: Model): string {
  const parts = [
    "/** What travels, as types: generated from openapi.json by `npm run generate`, not written by hand. */",
    `/** The version of the contract that these types were made from. */\nexport const contractVersion = ${JSON.stringify(version)};`,
  ];
  for (const { name, field } of types)
    parts.push(`${comment(field.description, "")}export type ${name} = ${shape(field.shape, "")};`);
  parts.push(
    '/** Codes of refusals that this version knows; a newer server may have more. */\nexport type ErrorCode = ErrorBody["code"];',
  );
  for (const method of methods) {
    parts.push(
      `/** Input of \`${method.id}\`. */\nexport type ${inputName(method)} = ${objectType(method.inputs, "")};`,
    );
    if (method.answer === "json")
      parts.push(
        `/** Answer of \`${method.id}\`. */\nexport type ${outputName(method)} = ${shape(method.output, "")};`,
      );
  }
  return `${parts.join("\n\n")}\n`;
}

function shape(one: Shape, indent: string): string {
  switch (one.kind) {
    case "integer":
      return "number";
    case "literal":
      return one.values.map((value) => JSON.stringify(value)).join(" | ");
    case "list": {
      const items = shape(one.items, indent);
      return /^[\w.]+$/.test(items) ? `${items}[]` : `Array<${items}>`;
    }
    case "map":
      return `Record<string, ${shape(one.values, indent)}>`;
    case "object":
      return objectType(one.fields, indent);
    case "union":
      return one.of.map((part) => shape(part, indent)).join(" | ");
    case "named":
      return one.name;
    default:
      return one.kind;
  }
}

function objectType(fields: readonly Field[], indent: string): string {
  if (fields.length === 0) return "Record<string, never>";
  const inner = `${indent}  `;
  const lines = fields.map(
    (field) =>
      `${comment(field.description, inner)}${inner}${key(field.name)}${field.required ? "" : "?"}: ${shape(field.shape, inner)}${field.required ? "" : " | undefined"};`,
  );
  return `{\n${lines.join("\n")}\n${indent}}`;
}

const key = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));

/** A doc comment with its line end, or nothing where there is nothing to say. */
function comment(prose: string, indent: string, more: readonly string[] = []): string {
  const lines = [...wrap(prose.replaceAll("*/", "*\\/"), 100), ...more];
  if (lines.length === 0) return "";
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${`${indent} * ${line}`.trimEnd()}\n`).join("")}${indent} */\n`;
}

function operationsFile({ methods }: Model): string {
  const table = methods
    .map(
      ({ id, verb, path, repeat, items }) =>
        `  ${id}: { verb: ${JSON.stringify(verb)}, path: ${JSON.stringify(path)}, repeat: ${JSON.stringify(repeat)}${items === null ? "" : `, items: ${JSON.stringify(items.field)}`} },`,
    )
    .join("\n");
  const named = methods
    .flatMap((method) =>
      method.answer === "json" ? [inputName(method), outputName(method)] : [inputName(method)],
    )
    .sort();
  return `/** A method for every operation: generated from openapi.json by \`npm run generate\`, not written by hand. */
import type { EventStream } from "../events.ts";
import type { Pages } from "../pages.ts";
import type { FileAnswer, Operation, RequestOptions } from "../request.ts";
import type {
${named.map((name) => `  ${name},\n`).join("")}} from "./types.ts";

/** Where each operation goes, and whether it may be repeated. */
export const operations = {
${table}
} as const satisfies Readonly<Record<string, Operation>>;

/** The operations as methods; how they travel is said by {@link MultiMail}. */
export abstract class Operations {
  protected abstract callJson<T>(operation: Operation, input: object, options?: RequestOptions): Promise<T>;
  protected abstract callPages<P extends object, I>(operation: Operation, input: object, options?: RequestOptions): Pages<P, I>;
  protected abstract callFile(operation: Operation, input: object, options?: RequestOptions): Promise<FileAnswer>;
  protected abstract callEvents(operation: Operation, input: object, options?: RequestOptions): EventStream;

${methods.map(methodText).join("\n\n")}
}
`;
}

function methodText(method: Method): string {
  const needed = method.inputs.some(({ required }) => required);
  const [call, answer] = callOf(method);
  return `${comment(method.summary.replace(/\.?$/, "."), "  ", ["", ...wrap(method.description.replaceAll("*/", "*\\/"), 100)])}  ${method.id}(input: ${inputName(method)}${needed ? "" : " = {}"}, options?: RequestOptions): ${answer} {
    return this.${call}(operations.${method.id}, input, options);
  }`;
}

function callOf(method: Method): [call: string, answer: string] {
  if (method.answer === "file") return ["callFile", "Promise<FileAnswer>"];
  if (method.answer === "events") return ["callEvents", "EventStream"];
  const output = outputName(method);
  if (method.items === null) return ["callJson", `Promise<${output}>`];
  return [
    "callPages",
    `Pages<${output}, ${output}[${JSON.stringify(method.items.field)}][number]>`,
  ];
}

/** Command-line flags computed from an input schema, and their texts as typed values. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { kebab } from "./command.ts";

/** A mistake in how the command was called; ends with exit code 2. */
export class UsageError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = "UsageError";
    this.hint = hint;
  }
}

type JsonSchema = {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  items?: JsonSchema;
  default?: unknown;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
};

type Scalar = "string" | "number" | "boolean" | "json";

/** One input as a flag. */
export type Flag = {
  /** The input's name. */
  name: string;
  /** Without the dashes. */
  flag: string;
  scalar: Scalar;
  /** May be given several times; `list_or_one` stays a single value when given once. */
  many: "no" | "list" | "list_or_one";
  required: boolean;
  /** It may be null, which `--no-<flag>` says. */
  nullable: boolean;
  choices: readonly string[];
  default: unknown;
  description: string;
};

/** Where flag values may come from besides the command line. */
export type FlagSources = {
  stdin: AsyncIterable<Uint8Array | string>;
};

/** The flags of an input schema, required ones first, otherwise in the schema's order. What the path needs is required. */
export function flagsOf(input: z.ZodObject, path = ""): Flag[] {
  const schema = z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as JsonSchema;
  const required = new Set(schema.required ?? []);
  const flags = Object.entries(schema.properties ?? {}).map(([name, field]): Flag => {
    const types = typesOf(field);
    const items = itemsOf(field);
    const element = items ? typesOf(items) : types;
    return {
      name,
      flag: kebab(name),
      scalar: scalarOf(element),
      many: !items ? "no" : types.has("string") ? "list_or_one" : "list",
      required: required.has(name) || path.includes(`{${name}}`) || path.includes(`{${name}*}`),
      nullable: isNullable(field),
      choices: choicesOf(items ?? field),
      default: field.default,
      description: field.description ?? items?.description ?? "",
    };
  });
  return [...flags.filter((flag) => flag.required), ...flags.filter((flag) => !flag.required)];
}

/** What a flag's texts say. Throws {@link UsageError}. */
export async function flagValue(
  flag: Flag,
  texts: readonly string[],
  sources: FlagSources,
): Promise<unknown> {
  if (flag.many !== "no") {
    const [only = ""] = texts;
    if (texts.length === 1 && only.trimStart().startsWith("[") && flag.scalar !== "string")
      return parse(flag, only);
    const values: unknown[] = [];
    for (const text of texts) values.push(await scalarValue(flag, text, sources));
    return flag.many === "list_or_one" && values.length === 1 ? values[0] : values;
  }
  if (texts.length > 1) throw new UsageError(`--${flag.flag} was given ${texts.length} times.`);
  const [text = ""] = texts;
  // Only a single text is read from elsewhere: a list of addresses may well begin with @.
  if (flag.scalar === "string" && text.startsWith("@@")) return text.slice(1);
  return scalarValue(flag, await contentOf(flag, text, sources), sources);
}

async function scalarValue(flag: Flag, text: string, sources: FlagSources): Promise<unknown> {
  switch (flag.scalar) {
    case "string":
      return text;
    case "json":
      return parse(flag, flag.many === "no" ? text : await contentOf(flag, text, sources));
    case "number":
      if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
      throw new UsageError(`--${flag.flag} expects a number, not ${JSON.stringify(text)}.`);
    case "boolean":
      if (text === "true" || text === "false") return text === "true";
      throw new UsageError(`--${flag.flag} expects true or false, not ${JSON.stringify(text)}.`);
  }
}

/** The text itself, a file's (`@file`) or standard input's (`-`), for texts and JSON. */
async function contentOf(flag: Flag, text: string, sources: FlagSources): Promise<string> {
  if (flag.scalar !== "string" && flag.scalar !== "json") return text;
  if (text === "-") return readAll(sources.stdin);
  if (!text.startsWith("@") || text === "@") return text;
  const path = text.slice(1);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === "ENOENT"
        ? "there is no such file"
        : (error as Error).message;
    throw new UsageError(
      `--${flag.flag}: cannot read ${path}: ${reason}.`,
      flag.scalar === "string"
        ? `Write --${flag.flag} '@${text}' for a text that begins with @.`
        : undefined,
    );
  }
}

async function readAll(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream)
    chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function parse(flag: Flag, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`--${flag.flag} expects JSON.`, "Quote it, or give a file: @file.json");
  }
}

function variants(schema: JsonSchema): JsonSchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return inner.length === 0 ? [schema] : inner.flatMap(variants);
}

function isNullable(schema: JsonSchema): boolean {
  return variants(schema).some(({ type, enum: literals, ...rest }) =>
    "const" in rest
      ? rest.const === null
      : (literals?.includes(null) ?? [type].flat().includes("null")),
  );
}

/** JSON types that a field accepts, without null, which `--no-<flag>` says. */
function typesOf(schema: JsonSchema): Set<string> {
  const types = new Set<string>();
  for (const variant of variants(schema)) {
    const literals = variant.enum ?? ("const" in variant ? [variant.const] : null);
    const found = literals ? literals.map((value) => typeof value) : [variant.type ?? []].flat();
    for (const type of found) if (type !== "null") types.add(type === "integer" ? "number" : type);
  }
  return types;
}

function itemsOf(schema: JsonSchema): JsonSchema | null {
  const array = variants(schema).find((variant) => [variant.type ?? []].flat().includes("array"));
  return array ? (array.items ?? {}) : null;
}

function scalarOf(types: ReadonlySet<string>): Scalar {
  if (types.has("string")) return "string";
  if (types.has("number")) return "number";
  if (types.has("boolean")) return "boolean";
  return types.size === 0 ? "string" : "json";
}

function choicesOf(schema: JsonSchema): string[] {
  return variants(schema).flatMap((variant) => {
    const literals = variant.enum ?? ("const" in variant ? [variant.const] : []);
    return literals.filter((value) => value !== null).map(String);
  });
}

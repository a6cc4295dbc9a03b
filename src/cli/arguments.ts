/** From the words behind a command to one input object and the options of the connection. */
import { parseArgs } from "node:util";
import { parseInput } from "../contract/dispatch.ts";
import type { OperationSpec } from "../contract/operation.ts";
import { Refusal } from "../core/refusal.ts";
import { type Command, nearest } from "./command.ts";
import { type Flag, type FlagSources, UsageError, flagValue, flagsOf } from "./flags.ts";

/** A command that calls an operation. */
export type OperationCommand = Extract<Command, { kind: "operation" }>;

/** Options that every operation's command takes. */
export type CallOptions = {
  help: boolean;
  json: boolean;
  url: string | undefined;
  key: string | undefined;
  /** File for an answer that is bytes. */
  output: string | undefined;
};

/** Parsed, with the texts of inputs not yet read; null for those that were taken away (`--no-expires-at`). */
export type ParsedArguments = { options: CallOptions; texts: Map<Flag, string[] | null> };

/** Options of {@link CallOptions} by flag; an input of the same name takes the short spelling for itself. */
export const optionFlags = {
  help: { type: "boolean", flags: ["help"], about: "Show this help" },
  json: { type: "boolean", flags: ["json"], about: "Print the server's JSON as it is" },
  url: { type: "string", flags: ["api-url", "url"], about: "Server, else MULTIMAIL_API_URL" },
  key: { type: "string", flags: ["api-key", "key"], about: "API key, else MULTIMAIL_API_KEY" },
  output: { type: "string", flags: ["output"], about: "Write a download to this file" },
} as const;

/** The flags that are inputs of this command: all but those it has decided already. */
export function inputFlags(command: OperationCommand): Flag[] {
  return flagsOf(command.spec.input, command.spec.path).filter(
    (flag) => !Object.hasOwn(command.preset, flag.name),
  );
}

/** The spellings of an option that no input of the command has taken. */
export function freeFlags(option: keyof typeof optionFlags, flags: readonly Flag[]): string[] {
  return optionFlags[option].flags.filter((name) => !flags.some(({ flag }) => flag === name));
}

/** Splits the words into options, flags and positional inputs. Throws {@link UsageError}. */
export function parseArguments(
  command: OperationCommand,
  args: readonly string[],
): ParsedArguments {
  const flags = inputFlags(command);
  const options: NonNullable<Parameters<typeof parseArgs>[0]>["options"] = {};
  for (const flag of flags) {
    options[flag.flag] = {
      type: flag.scalar === "boolean" && flag.many === "no" ? "boolean" : "string",
      multiple: true,
    };
    // parseArgs then tells it as `false` of the flag itself.
    if (flag.nullable) options[`no-${flag.flag}`] = { type: "boolean" };
  }
  for (const option of Object.keys(optionFlags) as (keyof typeof optionFlags)[])
    for (const name of freeFlags(option, flags)) options[name] = { type: optionFlags[option].type };
  if (!flags.some(({ flag }) => flag === "help")) options["help"] = { type: "boolean", short: "h" };
  const { values, positionals } = parseStrictly([...args], options);
  const value = (option: keyof typeof optionFlags) => {
    const name = freeFlags(option, flags).find((free) => values[free] !== undefined);
    const found = name === undefined ? undefined : values[name];
    return typeof found === "string" ? found : found === true ? "true" : undefined;
  };
  const texts: ParsedArguments["texts"] = new Map();
  for (const flag of flags) {
    const given = values[flag.flag];
    if (!Array.isArray(given)) continue;
    const none = flag.nullable && given.includes(false);
    if (none && given.length > 1)
      throw new UsageError(`--no-${flag.flag} is given beside another --${flag.flag}.`);
    texts.set(flag, none ? null : given.map(String));
  }
  addPositionals(command, flags, positionals, texts);
  return {
    options: {
      help: value("help") === "true",
      json: value("json") === "true",
      url: value("url"),
      key: value("key"),
      output: value("output"),
    },
    texts,
  };
}

function parseStrictly(
  args: string[],
  options: NonNullable<Parameters<typeof parseArgs>[0]>["options"],
) {
  try {
    return parseArgs({
      args,
      options: options ?? {},
      allowPositionals: true,
      allowNegative: true,
      strict: true,
    });
  } catch (error) {
    const message = (error as Error).message.split(". ")[0] ?? "";
    const unknown = /Unknown option '(?:--)?(?:no-)?([^']+)'/.exec(message)?.[1];
    if (unknown === undefined) throw new UsageError(`${message.replace(/\.$/, "")}.`);
    const near = nearest(unknown, Object.keys(options ?? {}));
    throw new UsageError(
      `There is no option --${unknown.replace(/^-+/, "")}.`,
      near === null ? undefined : `Did you mean --${near}?`,
    );
  }
}

function addPositionals(
  command: OperationCommand,
  flags: readonly Flag[],
  positionals: readonly string[],
  texts: ParsedArguments["texts"],
): void {
  const names = command.positional;
  positionals.forEach((text, index) => {
    const name = names[Math.min(index, names.length - 1)];
    const flag = flags.find((candidate) => candidate.name === name);
    if (!flag || (index >= names.length && flag.many === "no"))
      throw new UsageError(
        `Unexpected argument ${JSON.stringify(text)}.`,
        "Inputs are given as --flag value.",
      );
    const before = texts.get(flag) ?? [];
    if (texts.get(flag) === null || (before.length > 0 && flag.many === "no"))
      throw new UsageError(`${flag.name} is given twice.`);
    texts.set(flag, [...before, text]);
  });
}

/**
 * The input: preset, flags, and the default mailbox where one is needed and none was named. It is checked against the schema
 * here, so that a mistake is told in the words of the command line. Throws {@link UsageError}.
 */
export async function inputOf(
  command: OperationCommand,
  parsed: ParsedArguments,
  mailbox_id: string | undefined,
  sources: FlagSources,
): Promise<Record<string, unknown>> {
  const input: Record<string, unknown> = { ...command.preset };
  for (const [flag, texts] of parsed.texts)
    input[flag.name] = texts === null ? null : await flagValue(flag, texts, sources);
  const flags = inputFlags(command);
  const wantsMailbox = flags.some((flag) => flag.name === "mailbox_id" && flag.required);
  if (wantsMailbox && input["mailbox_id"] === undefined && mailbox_id !== undefined)
    input["mailbox_id"] = mailbox_id;
  for (const flag of flags)
    if (flag.required && input[flag.name] === undefined)
      throw new UsageError(
        `${command.positional.includes(flag.name) ? `<${flag.name}>` : `--${flag.flag}`} is missing.`,
        flag.name === "mailbox_id" ? "Or set MULTIMAIL_MAILBOX_ID." : undefined,
      );
  check(command.spec, input);
  return input;
}

function check(spec: OperationSpec, input: Record<string, unknown>): void {
  try {
    parseInput(spec.input, input);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const field = error.detail.field ?? "";
    const name = /^[a-z0-9_]+/.exec(field)?.[0];
    throw new UsageError(
      name === undefined
        ? error.message
        : `--${name.replaceAll("_", "-")}${error.message.slice(name.length)}`,
      error.detail.hint,
    );
  }
}

/** Help texts, computed from the commands and their schemas. */
import { type OperationCommand, freeFlags, inputFlags, optionFlags } from "./arguments.ts";
import type { Command } from "./command.ts";
import type { Flag } from "./flags.ts";

/** The exit codes of every command that calls the server. */
export const exitCodes = { ok: 0, refused: 1, usage: 2, cannot_connect: 3 } as const;

/** `multimail --help`. */
export function overview(commands: readonly Command[]): string {
  const listed = commands.filter((command) => command.kind === "local" || command.listed);
  return [
    "MultiMail: email for AI agents with human oversight.",
    "",
    "Usage: multimail <command> [--flag value …]",
    "",
    "Commands:",
    ...columns([
      ...listed.map((command) => [command.words, command.summary] as const),
      ["call <operation>", "Any operation by its name; `multimail help call` lists them"],
    ]),
    "",
    "multimail <command> --help shows the flags of a command.",
    "",
    ...connectionHelp,
    "",
    "Exit codes:",
    ...columns([
      ["0", "done"],
      ["1", "the server refused; the reason is on standard error"],
      ["2", "the command was not called rightly"],
      ["3", "the server cannot be reached"],
    ]),
    "",
  ].join("\n");
}

const connectionHelp = [
  "The server and key are taken from --api-url and --api-key, else MULTIMAIL_API_URL and MULTIMAIL_API_KEY, else from",
  "first-run.json in MULTIMAIL_DATA (./data), which has a key for each purpose, else from the profile that",
  "`multimail init --url` keeps. MULTIMAIL_MAILBOX_ID is the mailbox where a command needs one and none is named.",
];

/** `multimail help call`. */
export function operationList(commands: readonly Command[]): string {
  const calls = commands.filter((command) => command.words.startsWith("call "));
  return [
    "Operations:",
    ...columns(calls.map((command) => [command.words, command.summary])),
    "",
  ].join("\n");
}

/** `--help` of a command that runs here and takes no arguments. */
export function localHelp(words: string, summary: string, help: string): string {
  return `Usage: multimail ${words}\n\n${summary}\n\n${help}\n`;
}

/** `multimail <command> --help`. */
export function commandHelp(command: OperationCommand): string {
  const flags = inputFlags(command);
  const positional = command.positional.map((name) => {
    const flag = flags.find((candidate) => candidate.name === name);
    const shown = flag && flag.many !== "no" ? `<${name}>…` : `<${name}>`;
    return flag?.required ? shown : `[${shown}]`;
  });
  const options = (Object.keys(optionFlags) as (keyof typeof optionFlags)[])
    .filter((option) => option !== "output" || "content_type" in command.spec.output)
    .map((option): [string, string] => {
      const names = freeFlags(option, flags).map((name) => `--${name}`);
      const value = optionFlags[option].type === "string" ? " <text>" : "";
      return [names.join(", ") + value, optionFlags[option].about];
    });
  return [
    `Usage: multimail ${[command.words, ...positional].join(" ")} [--flag value …]`,
    "",
    command.summary,
    ...(command.spec.description === command.summary ? [] : ["", command.spec.description]),
    "",
    ...(flags.length === 0
      ? []
      : ["Inputs:", ...columns(flags.map((flag) => [syntax(flag), about(flag)])), ""]),
    ...(flags.some((flag) => flag.scalar === "string" && flag.many === "no")
      ? [
          "A text may be @file for the content of a file, - for standard input, @@… for a text that begins with @.",
          "",
        ]
      : []),
    "Options:",
    ...columns(options),
    "",
    `Calls ${command.spec.method} ${command.spec.path} with the scope ${command.spec.access}.`,
    "",
  ].join("\n");
}

function syntax(flag: Flag): string {
  if (flag.scalar === "boolean" && flag.many === "no") return `--${flag.flag}`;
  const kind =
    flag.choices.length > 0 && flag.choices.join("|").length <= 40
      ? flag.choices.join("|")
      : kinds[flag.scalar];
  return `--${flag.flag} <${kind}>${flag.many === "no" ? "" : " …"}`;
}

const kinds = { string: "text", number: "number", boolean: "true|false", json: "json" } as const;

function about(flag: Flag): string {
  const notes = [
    ...(flag.required ? ["required"] : []),
    ...(flag.many === "no" ? [] : ["may be repeated"]),
    ...(flag.default === undefined ? [] : [`default ${JSON.stringify(flag.default)}`]),
    ...(flag.nullable ? [`--no-${flag.flag} for null`] : []),
    ...(flag.choices.join("|").length > 40 ? [`one of ${flag.choices.join(", ")}`] : []),
  ];
  return [flag.description, notes.length > 0 ? `(${notes.join("; ")})` : ""]
    .filter(Boolean)
    .join(" ");
}

/** Two columns; a long left side takes a line of its own. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(34, Math.max(0, ...rows.map(([left]) => left.length)));
  return rows.flatMap(([left, right]) =>
    left.length > width
      ? [`  ${left}`, ...(right === "" ? [] : [`  ${" ".repeat(width)}  ${right}`])]
      : [`  ${left.padEnd(width)}  ${right}`.trimEnd()],
  );
}

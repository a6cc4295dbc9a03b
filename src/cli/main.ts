/** The command line: finds the command, calls its operation over HTTP, prints the answer, gives the exit code. */
import { writeFile } from "node:fs/promises";
import {
  type CallOptions,
  type OperationCommand,
  inputOf,
  optionFlags,
  parseArguments,
} from "./arguments.ts";
import { type ByteSink, fileSink, outputSink, terminalSink } from "./byte-sink.ts";
import {
  type CliOperation,
  type Command,
  type LocalCommand,
  commandsOf,
  findCommand,
  nearest,
} from "./command.ts";
import { completionScript } from "./completion.ts";
import { connectionOf } from "./connection.ts";
import { UsageError } from "./flags.ts";
import { commandHelp, exitCodes, localHelp, operationList, overview } from "./help.ts";
import type { Output } from "./output.ts";
import { humanText, plainText, safeJson } from "./print.ts";
import { type Answer, CannotConnect, callOperation } from "./request.ts";

/** What the command line is given by the composition root. */
export type CliContext = {
  env: Readonly<Record<string, string | undefined>>;
  stdout: Output;
  stderr: Output;
  stdin: AsyncIterable<Uint8Array | string>;
  operations: readonly CliOperation[];
  /** Commands that run here, by their words (`serve`, `audit verify`). */
  local: Readonly<Record<string, LocalCommand>>;
  fetch: typeof globalThis.fetch;
};

/**
 * Runs one command and resolves to the exit code: 0 done, 1 refused by the server, 2 called wrongly, 3 cannot connect. A
 * local command's own code is passed on. `argv` is without node and script. Errors that are bugs are thrown.
 */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const commands = commandsOf(context.operations, { ...context.local, completion });
  const args = optionsLast(argv);
  const wantsHelp = args[0] === "help" || args.every((arg) => arg === "--help" || arg === "-h");
  if (wantsHelp) return help(args.slice(args[0] === "help" ? 1 : 0), commands, context);
  const found = findCommand(commands, args);
  if (!found) return unknownCommand(args, commands, context);
  if (found.command.kind === "local" && found.command.words !== "completion")
    return runLocal(found.command, found.rest, context);
  try {
    if (found.command.kind === "local") return complete(found.rest, commands, context);
    return await call(found.command, found.rest, context);
  } catch (error) {
    if (error instanceof UsageError) {
      complain(
        context,
        error.message,
        error.hint ?? `See multimail ${found.command.words} --help.`,
      );
      return exitCodes.usage;
    }
    if (error instanceof CannotConnect) {
      complain(context, error.message, "Is it running? `multimail serve` starts one.");
      return exitCodes.cannot_connect;
    }
    throw error;
  }
}

/** Stands among the local commands; what it does needs all of them, and is {@link complete}. */
const completion: LocalCommand = {
  summary: "Print the completion script of a shell: bash, zsh or fish",
  run: () => Promise.resolve(exitCodes.ok),
};

const completionHelp = `Usage: multimail completion <bash|zsh|fish>

Prints a script that the shell reads, such as:
  bash  source <(multimail completion bash)
  zsh   multimail completion zsh > "\${fpath[1]}/_multimail"
  fish  multimail completion fish > ~/.config/fish/completions/multimail.fish
`;

function complete(
  args: readonly string[],
  commands: readonly Command[],
  context: CliContext,
): number {
  const [shell = ""] = args;
  const wantsHelp = shell === "--help" || shell === "-h";
  context.stdout.write(wantsHelp ? completionHelp : completionScript(shell, commands));
  return exitCodes.ok;
}

/** A command without arguments does not run where it got some: somebody meant something else. */
function runLocal(
  command: Extract<Command, { kind: "local" }>,
  args: string[],
  context: CliContext,
): number | Promise<number> {
  const [first] = args;
  if (command.help === null || first === undefined) return command.run(args);
  if (first === "--help" || first === "-h") {
    context.stdout.write(localHelp(command.words, command.summary, command.help));
    return exitCodes.ok;
  }
  complain(
    context,
    `multimail ${command.words} takes no arguments, such as ${plainText(first)}.`,
    `See multimail ${command.words} --help.`,
  );
  return exitCodes.usage;
}

async function call(
  command: OperationCommand,
  rest: readonly string[],
  context: CliContext,
): Promise<number> {
  const parsed = parseArguments(command, rest);
  if (parsed.options.help) {
    context.stdout.write(commandHelp(command));
    return exitCodes.ok;
  }
  const connection = await connectionOf(parsed.options, context.env, command.spec.access);
  const input = await inputOf(command, parsed, connection.mailbox_id, context);
  const sink = "content_type" in command.spec.output ? sinkOf(parsed.options, context) : null;
  let answer: Answer;
  try {
    const { fetch } = context;
    answer = await callOperation(fetch, connection, command.spec, input, sink?.write);
  } catch (error) {
    await sink?.abort();
    throw error;
  }
  if (answer.status < 200 || answer.status > 299) return refused(answer, parsed.options, context);
  if (sink && answer.json === undefined) {
    await sink.end();
    return exitCodes.ok;
  }
  const json = parsed.options.json || command.spec.cli?.json === true;
  await show(answer, { ...parsed.options, json }, context);
  return exitCodes.ok;
}

/** Where bytes go, as they come. */
function sinkOf({ output }: CallOptions, { stdout, stderr }: CliContext): ByteSink {
  if (output !== undefined) return fileSink(output, stderr);
  return stdout.columns === undefined ? outputSink(stdout) : terminalSink(stdout);
}

async function show(answer: Answer, options: CallOptions, context: CliContext): Promise<void> {
  if (options.output !== undefined) {
    try {
      await writeFile(options.output, answer.bytes);
    } catch (error) {
      throw new UsageError(`Cannot write ${options.output}: ${(error as Error).message}.`);
    }
    context.stderr.write(`${answer.bytes.length} bytes written to ${options.output}\n`);
  } else if (answer.json === undefined)
    // No answer of the operation: a proxy's page, say.
    context.stdout.write(plainText(answer.bytes.toString("utf8"), true));
  else if (options.json) context.stdout.write(`${safeJson(answer.json)}\n`);
  else context.stdout.write(humanText(answer.json, context.stdout.columns ?? 120));
}

/** The reason on standard error: a sentence, the hint, the code and the request id. */
function refused(answer: Answer, options: CallOptions, context: CliContext): number {
  const body = (
    typeof answer.json === "object" && answer.json !== null ? answer.json : {}
  ) as Record<string, unknown>;
  if (options.json && answer.json !== undefined) {
    context.stderr.write(`${safeJson(answer.json)}\n`);
    return exitCodes.refused;
  }
  const text = (name: string) =>
    typeof body[name] === "string" ? plainText(body[name]) : undefined;
  complain(context, text("error") ?? `The server answered ${answer.status}.`, text("hint"));
  const request = text("request_id") ?? answer.request_id;
  const code = text("code") ?? String(answer.status);
  context.stderr.write(`code: ${code}${request ? ` (request ${plainText(request)})` : ""}\n`);
  return exitCodes.refused;
}

function help(
  args: readonly string[],
  commands: readonly Command[],
  context: CliContext,
): number | Promise<number> {
  const words = args.filter((arg) => !arg.startsWith("-"));
  if (words.length === 0) context.stdout.write(overview(commands));
  else if (words.length === 1 && words[0] === "call") context.stdout.write(operationList(commands));
  else {
    const found = findCommand(commands, words);
    if (!found) return unknownCommand(words, commands, context);
    if (found.command.words === "completion") return complete(["--help"], commands, context);
    if (found.command.kind === "local") return runLocal(found.command, ["--help"], context);
    context.stdout.write(commandHelp(found.command));
  }
  return exitCodes.ok;
}

function unknownCommand(
  args: readonly string[],
  commands: readonly Command[],
  context: CliContext,
): number {
  const words = args.filter((arg) => !arg.startsWith("-")).slice(0, 2);
  const isCall = words[0] === "call";
  const given = isCall ? words.join(" ").replaceAll("_", "-") : words.join(" ");
  const candidates = commands
    .map((command) => command.words)
    .filter((one) => isCall === one.startsWith("call "));
  const near = nearest(given, candidates) ?? nearest(words[0] ?? "", candidates);
  complain(
    context,
    given === "" || given === "call"
      ? "No command was given."
      : `There is no command ${plainText(given)}.`,
    near === null
      ? `See multimail ${isCall ? "help call" : "--help"}.`
      : `Did you mean multimail ${near}?`,
  );
  return exitCodes.usage;
}

function complain(context: CliContext, message: string, hint: string | undefined): void {
  context.stderr.write(`error: ${message}\n${hint === undefined ? "" : `hint: ${hint}\n`}`);
}

/** Moves options before the command behind it: `multimail --json inbox` is `multimail inbox --json`. */
function optionsLast(argv: readonly string[]): string[] {
  const known = new Map<string, boolean>();
  for (const { type, flags } of Object.values(optionFlags))
    for (const flag of flags) known.set(`--${flag}`, type === "string");
  known.set("-h", false);
  let index = 0;
  for (; index < argv.length; index++) {
    const [name = ""] = (argv[index] ?? "").split("=", 1);
    const takesValue = known.get(name);
    if (takesValue === undefined) break;
    if (takesValue && !argv[index]?.includes("=")) index++;
  }
  return [...argv.slice(index), ...argv.slice(0, index)];
}

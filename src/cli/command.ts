/** Commands: which words call which operation, computed from the operations and what the composition root adds. */
import type { OperationSpec } from "../contract/operation.ts";

/** A second command of one operation with some inputs already decided: `approve` and `reject` are both `decide_email`. */
export type CliPreset = {
  command: string;
  /** Help's line; the operation's summary where it is absent. */
  summary?: string;
  positional?: readonly string[];
  /** Inputs that the command fixes; they are no flags of it. */
  preset: Readonly<Record<string, unknown>>;
};

/** An operation as the CLI reads it. */
export type CliOperation = OperationSpec & { cli_presets?: readonly CliPreset[] };

/** A command that runs here and calls no operation by itself. `run` gets what follows its words and gives the exit code. */
export type LocalCommand = {
  summary: string;
  /** Present where the command takes no arguments: what `--help` says below the summary. Then `run` gets none. */
  help?: string;
  /** Its options without the dashes, for completion. */
  flags?: readonly string[];
  run(args: string[]): Promise<number>;
};

/** What words on the command line can mean. */
export type Command =
  | {
      kind: "local";
      words: string;
      summary: string;
      help: string | null;
      flags: readonly string[];
      run: LocalCommand["run"];
    }
  | {
      kind: "operation";
      words: string;
      summary: string;
      spec: CliOperation;
      positional: readonly string[];
      preset: Readonly<Record<string, unknown>>;
      /** Left out of the list in `multimail --help`: the many `call …` forms. */
      listed: boolean;
    };

/** All commands, sorted by their words. A local command wins over an operation's of the same words. */
export function commandsOf(
  operations: readonly CliOperation[],
  local: Readonly<Record<string, LocalCommand>>,
): Command[] {
  const commands = new Map<string, Command>();
  const add = (command: Command) => {
    if (!commands.has(command.words)) commands.set(command.words, command);
  };
  for (const [words, { summary, help = null, flags = [], run }] of Object.entries(local))
    add({ kind: "local", words, summary, help, flags, run });
  for (const spec of operations) {
    const base = {
      kind: "operation",
      summary: spec.summary,
      spec,
      positional: [],
      preset: {},
    } as const;
    if (spec.cli)
      add({
        ...base,
        words: spec.cli.command,
        positional: spec.cli.positional ?? [],
        listed: true,
      });
    for (const preset of spec.cli_presets ?? [])
      add({
        ...base,
        words: preset.command,
        summary: preset.summary ?? spec.summary,
        positional: preset.positional ?? [],
        preset: preset.preset,
        listed: true,
      });
    add({ ...base, words: `call ${kebab(spec.name)}`, listed: false });
  }
  return [...commands.values()].sort((a, b) => (a.words < b.words ? -1 : 1));
}

/** The command with the most words that `args` begin with, and the arguments behind them. */
export function findCommand(
  commands: readonly Command[],
  args: readonly string[],
): { command: Command; rest: string[] } | null {
  let best: { command: Command; rest: string[] } | null = null;
  let length = 0;
  for (const command of commands) {
    const words = command.words.split(" ");
    if (words.length > length && words.every((word, index) => sameWord(word, args[index], index))) {
      best = { command, rest: args.slice(words.length) };
      length = words.length;
    }
  }
  return best;
}

/** Operation names may be written with underscores, as everywhere else. */
function sameWord(word: string, given: string | undefined, index: number): boolean {
  return given === word || (index > 0 && given?.replaceAll("_", "-") === word);
}

/** The candidate that is fewest edits away from `given`, or null when all are far. */
export function nearest(given: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let distance = Math.max(2, Math.floor(given.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = editDistance(given.slice(0, 64), candidate.slice(0, 64));
    if (edits < distance) {
      best = candidate;
      distance = edits;
    }
  }
  return best;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** `send_email` as `send-email`. */
export function kebab(name: string): string {
  return name.replaceAll("_", "-");
}

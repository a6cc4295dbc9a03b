/** Completion scripts, read by the shells themselves. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { type CliOperation, commandsOf } from "./command.ts";
import { completionScript, shells } from "./completion.ts";

const operation: CliOperation = {
  name: "send_email",
  tag: "messages",
  summary: "Send it's email",
  description: "Description",
  method: "POST",
  path: "/v1/send",
  effect: "send",
  access: "send",
  status: 200,
  refusals: [],
  tool: true,
  input: z.strictObject({
    to: z.string().describe("Who; `rm -rf` $HOME"),
    mode: z.enum(["gated_all", "gated_send", "$(evil)"]),
    urgent: z.boolean().optional(),
  }),
  output: z.object({}),
  cli: { command: "send" },
};
const local = {
  "audit verify": { summary: "Verify", flags: ["keys"], run: () => Promise.resolve(0) },
  "audit export": { summary: "Export", run: () => Promise.resolve(0) },
  completion: { summary: "Print", run: () => Promise.resolve(0) },
};
const commands = commandsOf([operation], local);

/** What bash offers behind the words, by its own rules. */
function offered(...words: string[]): string[] {
  const script = `${completionScript("bash", commands)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _multimail; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync("bash", ["-c", script, "bash", "multimail", ...words]);
  return output.toString().split("\n").filter(Boolean);
}

test.each([
  [["se"], ["send"]],
  [[""], ["audit", "call", "completion", "help", "send"]],
  [
    ["audit", ""],
    ["export", "verify"],
  ],
  [
    ["audit", "verify", "--"],
    ["--keys", "--help"],
  ],
  [["send", "--urg"], ["--urgent"]],
  [
    ["send", "--to", "ada@example.com", "--mode", ""],
    ["gated_all", "gated_send"],
  ],
  [["send", "--urgent", "--mo"], ["--mode"]],
  [["call", "se"], ["send-email"]],
  [["help", "au"], ["audit"]],
  [
    ["completion", ""],
    ["bash", "fish", "zsh"],
  ],
  [["nothing", "--x"], []],
])("behind %j bash offers %j", (words, found) => {
  expect(offered(...words)).toEqual(found);
});

test("no script holds a word that a shell would run, and every one names every command", () => {
  for (const shell of shells) {
    const script = completionScript(shell, commands);
    expect(script).not.toContain("$(evil)");
    for (const word of ["send-email", "verify", "export"]) expect(script).toContain(word);
  }
  expect(completionScript("fish", commands)).toContain("-d 'Send it\\'s email'");
  expect(() => completionScript("tcsh", commands)).toThrow("no completion for tcsh");
});

/** Where Debian's packages put it; undefined where it is not installed. */
const shellAt = (name: string): string | undefined =>
  ["/usr/bin", "/bin"].map((folder) => join(folder, name)).find((path) => existsSync(path));

const fishPath = shellAt("fish");
test.skipIf(fishPath === undefined)("fish offers the same", () => {
  const offers = (line: string): string[] => {
    const script = `${completionScript("fish", commands)}\ncomplete -C '${line}'`;
    const output = execFileSync(fishPath ?? "", ["--no-config", "-c", script]).toString();
    return output.split("\n").flatMap((row) => row.split("\t")[0] || []);
  };
  expect(offers("multimail se")).toEqual(["send"]);
  expect(offers("multimail audit ver")).toEqual(["verify"]);
  expect(offers("multimail send --mode ")).toEqual(["gated_all", "gated_send"]);
});

const zshPath = shellAt("zsh");
test.skipIf(zshPath === undefined)(
  "zsh, which reads the script at the first TAB, completes at that and the next",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "multimail-zsh-"));
    try {
      writeFileSync(join(folder, "_multimail"), completionScript("zsh", commands));
      // A terminal of its own: what is typed comes back with what the shell added to it.
      const script = `zmodload zsh/zpty
zpty z env -i TERM=dumb PATH=/usr/bin:/bin HOME=$1 $2 -f -i
zpty -w z "fpath=($1 \\$fpath); autoload -Uz compinit; compinit -D -u; PROMPT=REA''DY"
zpty -r -m z out '*READY*' || exit 1
zpty -w -n z $'multimail sen\t'
zpty -r -m z out '*multimail send*' || exit 2
zpty -w -n z $'\x15multimail audit ver\t'
zpty -r -m z out '*multimail audit verify*' || exit 3
zpty -d z`;
      const zsh = zshPath ?? "";
      const run = (): unknown =>
        execFileSync(zsh, ["-f", "-c", script, "zsh", folder, zsh], { timeout: 20_000 });
      expect(run).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

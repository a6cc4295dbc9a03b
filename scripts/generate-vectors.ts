/** The oversight vectors: what the machine answers, as files that another implementation or a formal model can be held to. */
import { submit } from "../src/core/oversight/machine.ts";
import { type Message, gateTimings, modes } from "../src/core/oversight/types.ts";
import { header, messageColumns, messageText, rowText } from "./vector-format.ts";
import { answer, tables } from "./vector-tables.ts";
import { traceRows } from "./vector-traces.ts";

const folder = "test/vectors/oversight";

/** Every file of the vectors, as a path from the root of the repository and its content. */
export function oversightVectors(): { file: string; content: string }[] {
  return [
    { file: `${folder}/README.md`, content: readme },
    { file: `${folder}/submit.tsv`, content: lines(submitHeader, submitRows()) },
    ...Object.entries(tables()).map(([name, cases]) => ({
      file: `${folder}/${name}.tsv`,
      content: lines(
        header,
        cases.map((one) => rowText(one.message, one.event, answer(one))),
      ),
    })),
    { file: `${folder}/traces.tsv`, content: lines(`trace\tstep\t${header}`, traceRows()) },
  ];
}

function lines(first: string, rows: readonly string[]): string {
  return `${[first, ...rows].join("\n")}\n`;
}

const asked = ["mode", "test", "required", "passkey", "timing", "authors", "digest"] as const;
const submitHeader = [...asked, "answer", ...messageColumns].join("\t");

function submitRows(): string[] {
  const rows: string[] = [];
  for (const mode of modes)
    for (const test of [false, true])
      for (const required of [1, 2, 3])
        for (const passkey of [false, true])
          for (const timing of gateTimings) {
            const submission = {
              mode,
              test,
              required,
              passkey,
              timing,
              authors: ["a"],
              digest: "d",
            };
            const begun = submit(submission);
            const words = [mode, test ? "1" : "0", required, passkey ? "1" : "0", timing, "a", "d"];
            rows.push([...words, ...afterSubmit(begun)].join("\t"));
          }
  return rows;
}

function afterSubmit(begun: ReturnType<typeof submit>): string[] {
  if (begun.ok) return ["ok", messageText(begun.message satisfies Message)];
  return [`no ${begun.refusal}`, ...messageColumns.map(() => "-")];
}

const readme = `# Oversight vectors

What the oversight machine (\`src/core/oversight/machine.ts\`) answers, written by \`npm run generate\`. A test holds the
machine to these files, and a formal model is to be checked against the same ones, byte for byte: whoever prints the
same rows from the same cases has the same machine.

UTF-8, tab-separated, one header line, LF. The rows of a table stand in the order of the loops in
\`scripts/vector-tables.ts\`.

## Columns

| column | values |
| --- | --- |
| \`status\` | the 16 statuses of \`src/core/oversight/types.ts\` |
| \`mode\` | mode of the mailbox at submission: \`read_only gated_all gated_send monitored autonomous\`, in ascending autonomy |
| \`test\` | 1: written with a test key |
| \`gated\` | 1: the scan found that a person has to decide |
| \`handed\` | 1: has been handed to the wire before |
| \`required\` | distinct approvals that a gate asks for |
| \`passkey\` | 1: only approvals by passkey (class A) count |
| \`timing\` | \`gate_first\` or \`schedule_first\` |
| \`authors\` | principals who wrote or edited it, with commas |
| \`digest\` | name of the present content |
| \`approvals\` | \`principal:digest:class\`, with commas; \`-\` for none |
| \`event\` | name of the event |
| \`arguments\` | \`key=value\` with spaces, flags as 0 and 1; \`-\` for none |
| \`answer\` | \`no\` and the refusal; or the next status, then \`field=value\` for each other field that changes, in the order of the columns. What is not named stays |

Principals and digests are opaque. In the tables \`a\` is the author; \`p\`, \`q\`, \`r\` may have approved; \`p\` may have
edited too (then it is an author); \`s\` is somebody new. \`d\` is the present content, \`e\` an older one, \`f\` a new one.

## Files

Each table is exhaustive over the fields that its events read; all others hold the values of one base message
(\`pending_approval gated_send 0 1 0 1 0 gate_first a d -\`). That the others do not matter, and that every state and event
falls on a row, is shown by property tests in \`test/oversight-vectors.test.ts\`.

| file | varies |
| --- | --- |
| \`submit.tsv\` | the first state of a message: columns of the submission, \`ok\` or the refusal, columns of the message |
| \`scan.tsv\` | status, mode, timing; verdict, allowlisted, wait |
| \`approve.tsv\` | while pending: who decides (author, one who may have approved, somebody new), authors, quorum 1 to 3, every list of approvals of present and older content, of every strength with and without passkeys asked for, digest, class, wait; the other statuses |
| \`reject-revise.tsv\` | status, who decides, authors, digest, quorum short or reached |
| \`edit.tsv\` | status, gated, approvals, editor, same or new content |
| \`resubmit.tsv\` | status, mode then and now, who, gated |
| \`undo-release.tsv\` | while scheduled: gated, authors, quorum, every list of approvals; the other statuses |
| \`cancel-expire.tsv\`, \`results.tsv\` | status, handed |
| \`hand-off-switches.tsv\` | while queued: mode then and now, allowlisted, gated, quorum short or reached, suppressed, test, over quota |
| \`hand-off-gates.tsv\` | while queued: every list of approvals; status, digest, stopped, handed |
| \`hand-off-demands.tsv\` | while queued: allowlisted, gated; what policies and mailbox ask for by then (verdict, quorum, passkey); approvals of every strength |
| \`traces.tsv\` | 200 random lives from submission on, seeded: number of the trace, of the step, then the columns above. A refusal leaves the message as it was |
`;

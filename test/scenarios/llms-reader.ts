/** An agent that was told only "read /llms.txt": follows the exchanges that the text shows, with nothing known of us beforehand. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** One shown exchange: a request with words to fill in, and the answer that it announces. */
type Exchange = {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | null;
  status: number;
  answer: unknown;
  /** A program that stands between this exchange and the next, run on this one's answer. */
  program: string | null;
  /** The word that the program writes. */
  word: string | null;
};

/** What was learnt on the way, by the words that stand in angle brackets. */
export type Known = Record<string, string>;

/** The exchanges under a heading that begins with these words; none where there is no such heading. */
export function exchangesUnder(text: string, heading: string): Exchange[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  const pattern =
    /```http\n([^]*?)\n```\n\nAnswer (\d+):\n\n```json\n([^]*?)\n```([^]*?)(?=```http|$)/g;
  return [...section.matchAll(pattern)].map(([, request = "", status, answer = "", after = ""]) => {
    const [head = "", body] = request.split("\n\n");
    const [line = "", ...headers] = head.split("\n");
    const [method = "", url = ""] = line.split(" ");
    return {
      method,
      url,
      headers: Object.fromEntries(
        headers.map((each) => {
          const colon = each.indexOf(":");
          return [each.slice(0, colon), each.slice(colon + 1).trim()];
        }),
      ),
      body: body ?? null,
      status: Number(status),
      answer: JSON.parse(answer) as unknown,
      program: /```python\n([^]*?)\n```/.exec(after)?.[1] ?? null,
      word: /writes `<(\w+)>`/.exec(after)?.[1] ?? null,
    };
  });
}

/** Makes an exchange; `ask` is the person, who is asked for words that nothing before has told. Answers what came back. */
export async function follow(
  exchange: Exchange,
  known: Known,
  ask: (word: string) => Promise<string>,
): Promise<unknown> {
  const fill = async (text: string, quote: (value: string) => string): Promise<string> => {
    for (const [, word = ""] of text.matchAll(/<(\w+)>/g)) known[word] ??= await ask(word);
    return text.replaceAll(/<(\w+)>/g, (_, word: string) => quote(known[word] ?? ""));
  };
  const url = await fill(exchange.url, encodeURIComponent);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(exchange.headers))
    headers[name] = await fill(value, String);
  const body =
    exchange.body === null
      ? null
      : await fill(exchange.body, (value) => JSON.stringify(value).slice(1, -1));
  const response = await fetch(url, { method: exchange.method, headers, body });
  const text = await response.text();
  if (response.status !== exchange.status)
    throw new Error(`${exchange.method} ${url} answered ${response.status}: ${text}`);
  const answer = JSON.parse(text) as unknown;
  learn(exchange.answer, answer, known);
  if (exchange.program !== null && exchange.word !== null)
    known[exchange.word] = await run(exchange.program, text);
  return answer;
}

/** Takes from an answer what the announced one has in angle brackets; throws where a field that was announced is missing. */
function learn(announced: unknown, answer: unknown, known: Known): void {
  if (typeof announced === "string") {
    const word = /^<(\w+)>$/.exec(announced)?.[1];
    if (word !== undefined) known[word] = String(answer);
    return;
  }
  if (typeof announced !== "object" || announced === null || Array.isArray(announced)) return;
  for (const [name, value] of Object.entries(announced)) {
    if (typeof answer !== "object" || answer === null || !(name in answer))
      throw new Error(`the answer has no ${name}`);
    learn(value, (answer as Record<string, unknown>)[name], known);
  }
}

async function run(program: string, input: string): Promise<string> {
  const running = promisify(execFile)("python3", ["-c", program]);
  running.child.stdin?.end(input);
  return (await running).stdout.trim();
}

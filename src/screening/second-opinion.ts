/** The second opinion on a received message: a client of rspamd's HTTP protocol, and how its answer is merged. */
import { z } from "zod";
import { conclude, REVIEW_AT, type Screening, SPAM_AT, worse } from "./screening.ts";
import { quoted } from "./text-fold.ts";

/** What the other filter says; `required` is the score at which it rejects. */
export interface Opinion {
  score: number;
  required: number;
  action: string;
  symbols: { name: string; score: number; description: string }[];
}

/** The SMTP session of the message. */
export interface OpinionSession {
  remote_address: string;
  helo: string;
  from: string;
  to: readonly string[];
}

/** The part of `fetch` that is needed, so that its caller decides what network there is. */
export type OpinionFetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where the filter listens. */
export interface SecondOpinionOptions {
  /** Such as `http://127.0.0.1:11333`. */
  url: string;
  timeout_ms: number;
  password?: string;
  fetch: OpinionFetch;
}

/** Why there is no opinion. The message names no content of the mail. */
export class OpinionError extends Error {
  override name = "OpinionError";
}

const ANSWER_BYTES = 1024 * 1024;
const RECIPIENTS = 100;
const answer = z.object({
  is_skipped: z.boolean().optional(),
  score: z.number(),
  required_score: z.number(),
  action: z.string().min(1).max(100),
  symbols: z
    .record(
      z.string(),
      z.object({
        name: z.string().optional(),
        score: z.number().optional(),
        description: z.string().optional(),
      }),
    )
    .optional(),
});

/**
 * Gives a function that asks rspamd (POST /checkv2) about one raw message. It rejects with {@link OpinionError} on
 * time-out, a status other than 200, a redirect, more than 1 MiB of answer, nonsense, or a skipped check.
 */
export function openSecondOpinion(
  options: SecondOpinionOptions,
): (raw: Buffer, session: OpinionSession) => Promise<Opinion> {
  const url = new URL("/checkv2", options.url).href;
  return async (raw, session) => {
    const signal = AbortSignal.timeout(options.timeout_ms);
    try {
      const response = await options.fetch(url, {
        method: "POST",
        headers: headersOf(session, options.password),
        body: new Uint8Array(raw),
        redirect: "manual",
        signal,
      });
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new OpinionError(`the filter answered ${response.status}`);
      }
      return readOpinion(await bounded(response));
    } catch (error) {
      if (error instanceof OpinionError) throw error;
      throw new OpinionError(
        signal.aborted ? "the filter did not answer in time" : "the filter cannot be reached",
        { cause: error },
      );
    }
  };
}

function headersOf(session: OpinionSession, password: string | undefined): [string, string][] {
  const headers: [string, string][] = [["Content-Type", "application/octet-stream"]];
  const put = (name: string, value: string) => {
    const safe = headerValue(value);
    if (safe !== "") headers.push([name, safe]);
  };
  put("IP", session.remote_address);
  put("Helo", session.helo);
  put("From", session.from);
  for (const one of session.to.slice(0, RECIPIENTS)) put("Rcpt", one.replaceAll(",", ""));
  if (password !== undefined) put("Password", password);
  return headers;
}

/** UTF-8 bytes as header octets, without what could end the field. */
function headerValue(value: string): string {
  return Buffer.from(value.slice(0, 998), "utf8")
    .toString("latin1")
    .replace(/[\u0000-\u001f\u007f]/g, "")
    .trim();
}

async function bounded(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
    if (done || value === undefined) break;
    size += value.length;
    if (size > ANSWER_BYTES) {
      await reader.cancel();
      throw new OpinionError("the filter's answer is too long");
    }
    chunks.push(value);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function readOpinion(text: string): Opinion {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new OpinionError("the filter's answer is no JSON");
  }
  const read = answer.safeParse(value);
  if (!read.success) throw new OpinionError("the filter's answer has another shape");
  // A pre-filter that rejects skips the rest, too; only a skip that decides nothing is no opinion.
  if (read.data.is_skipped === true && read.data.action === "no action")
    throw new OpinionError("the filter skipped the message");
  const symbols = Object.entries(read.data.symbols ?? {})
    .slice(0, 500)
    .map(([name, one]) => ({
      name: quoted(one.name ?? name, 80),
      score: one.score ?? 0,
      description: quoted(one.description ?? "", 200),
    }));
  return {
    score: read.data.score,
    required: read.data.required_score,
    action: read.data.action,
    symbols,
  };
}

// Greylisting asks the sender to come again; by the time of screening the mail has been taken.
const verdicts: Record<string, Screening["verdict"]> = {
  "no action": "pass",
  greylist: "pass",
  "add header": "review",
  "rewrite subject": "review",
  "soft reject": "review",
  quarantine: "spam",
  discard: "spam",
  reject: "spam",
};

/** Adds an opinion to a screening. It can only make it stricter; none at all, or an unknown action, means at least review. */
export function mergeOpinion(screening: Screening, opinion: Opinion | Error): Screening {
  if (opinion instanceof Error) {
    const why = opinion instanceof OpinionError ? opinion.message : opinion.name;
    const reason = {
      rule: "second_opinion_failed",
      score: 0,
      detail: `no second opinion: ${quoted(why, 80)}`,
    };
    const merged = conclude(
      [...screening.reasons, reason],
      screening.injection,
      worse(screening.verdict, "review"),
    );
    return merged;
  }
  const verdict = Object.hasOwn(verdicts, opinion.action)
    ? (verdicts[opinion.action] ?? "review")
    : "review";
  const worst = opinion.symbols
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, 5)
    .map((one) => one.name)
    .join(", ");
  const detail = `${quoted(opinion.action, 40)}, ${opinion.score} of ${opinion.required}${worst === "" ? "" : `: ${worst}`}`;
  const score = verdict === "spam" ? SPAM_AT : verdict === "review" ? REVIEW_AT : 0;
  return conclude(
    [...screening.reasons, { rule: "second_opinion", score, detail }],
    screening.injection,
    worse(screening.verdict, verdict),
  );
}

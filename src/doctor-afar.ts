/** The doctor's look at a server from afar: what it shows to whoever calls it, and what a key may do. */
import { baseOf, environmentKey } from "./cli/connection.ts";
import type { LocalIo } from "./cli/local-io.ts";
import { readProfile } from "./cli/profile.ts";
import { type Finding, checkClock, checkHttps, wordsOf } from "./maintenance/checks.ts";
import { version } from "./version.ts";

/** What a server shows to whoever calls it. */
export async function lookAfar(
  url: string,
  given: string | undefined,
  io: LocalIo,
): Promise<Finding[]> {
  const parsed = new URL(url);
  const answer = await ask(io, url, "/health", null);
  if (typeof answer.failure === "string")
    return [
      {
        area: "server",
        state: "wrong",
        says: `${url} cannot be reached: ${answer.failure}.`,
        mend: "Check the address, and that the server runs there.",
      },
      ...(parsed.protocol === "https:" ? [await checkHttps(parsed, io.now())] : []),
    ];
  const { version: theirs } = (answer.body ?? {}) as { version?: unknown };
  const ready = await ask(io, url, "/ready", null);
  const profile = given === undefined ? await readProfile(io.env) : null;
  const own = profile !== null && baseOf(profile.url) === url ? profile.key : null;
  const key = given ?? environmentKey(io.env, url) ?? own;
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(parsed.hostname);
  return [
    answer.status === 200 && typeof theirs === "string"
      ? { area: "server", state: "ok", says: `MultiMail ${theirs} answers at ${url}.` }
      : {
          area: "server",
          state: "wrong",
          says: `What answers at ${url} is no MultiMail (status ${answer.status}).`,
          mend: "Check the address: it has no path.",
        },
    ...(typeof theirs === "string" && theirs !== version
      ? [
          {
            area: "server",
            state: "warning",
            says: `This command is of release ${version}.`,
            mend: "Use the command of the server's release where a call is refused.",
          } as const,
        ]
      : []),
    ready.status === 200
      ? { area: "database", state: "ok", says: "Its database answers." }
      : {
          area: "database",
          state: "wrong",
          says: "Its database does not answer.",
          mend: "multimail doctor on its own machine says more.",
        },
    ...(answer.date ? [checkClock(io.now(), answer.date, "the server")] : []),
    ...(parsed.protocol === "https:"
      ? [await checkHttps(parsed, io.now())]
      : local
        ? []
        : [
            {
              area: "tls",
              state: "warning",
              says: `${url} is not https: the key travels in the clear.`,
              mend: "Put a proxy with a certificate before the server.",
            } as const,
          ]),
    ...(key ? await lookAtKey(io, url, key) : [noKey]),
  ];
}

const noKey: Finding = {
  area: "keys",
  state: "skipped",
  says: "No key was given: --key, MULTIMAIL_API_KEY, or multimail init --url.",
};

/** What a key may do, and whether its operator is stopped. */
export async function lookAtKey(io: LocalIo, url: string, key: string): Promise<Finding[]> {
  const { status, body } = await ask(io, url, "/v1/account", key);
  const { credential, stopped_at, name } = (body ?? {}) as {
    credential?: { scopes?: string[] };
    stopped_at?: string | null;
    name?: string;
  };
  if (status !== 200 || !credential)
    return [
      {
        area: "keys",
        state: status === 403 ? "warning" : "wrong",
        says: `The key is not taken (status ${status}).`,
        mend: "It may be revoked or expired: make another.",
      },
    ];
  const scopes = (credential.scopes ?? []).join(", ");
  return [
    {
      area: "keys",
      state: "ok",
      says: `The key is one of ${name ?? "?"}, with the scopes ${scopes}.`,
    },
    ...(typeof stopped_at === "string"
      ? [
          {
            area: "server",
            state: "warning",
            says: `Sending is stopped since ${stopped_at}.`,
            mend: "A person resumes it, on the page of waiting mail.",
          } as const,
        ]
      : []),
  ];
}

type Asked = { status: number; body: unknown; date: Date | null; failure?: string };

/** One call with bounded time. `status` is 0 and `failure` set where nothing answered. */
export async function ask(
  io: LocalIo,
  url: string,
  path: string,
  key: string | null,
): Promise<Asked> {
  try {
    const response = await io.fetch(url + path, {
      headers: key === null ? {} : { authorization: `Bearer ${key}` },
      redirect: "error",
      signal: AbortSignal.timeout(10_000),
    });
    const date = Date.parse(response.headers.get("date") ?? "");
    return {
      status: response.status,
      body: await response.json().catch(() => null),
      date: Number.isNaN(date) ? null : new Date(date),
    };
  } catch (error) {
    return { status: 0, body: null, date: null, failure: wordsOf(error) };
  }
}

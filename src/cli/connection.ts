/** Which server and which key: flags, then environment, then the data of the first run here, then the person's profile. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Access } from "../contract/operation.ts";
import type { CallOptions } from "./arguments.ts";
import { UsageError } from "./flags.ts";
import { readProfile } from "./profile.ts";

/** Where to call, as whom, and the mailbox that is meant where none is named. */
export type Connection = {
  url: string;
  key: string | undefined;
  mailbox_id: string | undefined;
};

type FirstRun = {
  url?: unknown;
  admin_key?: unknown;
  agent_key?: unknown;
  oversight_key?: unknown;
  mailbox_id?: unknown;
};

/** The key of the first run that an access needs: mail is written by the agent's and decided by the oversight's, never by one. */
const keyFor: Readonly<Record<Access, readonly (keyof FirstRun)[]>> = {
  read: ["agent_key", "admin_key"],
  draft: ["agent_key"],
  send: ["agent_key"],
  oversight: ["oversight_key"],
  admin: ["admin_key"],
  audit: ["admin_key"],
  public: [],
};

/**
 * Finds the connection. A key of the first run goes to the server of the first run only, the profile's to the profile's, and the
 * environment's to the environment's where that names one, never to another one that a flag or the environment names. Throws
 * {@link UsageError} when no server is known.
 */
export async function connectionOf(
  options: Pick<CallOptions, "url" | "key">,
  env: Readonly<Record<string, string | undefined>>,
  access: Access,
): Promise<Connection> {
  const path = join(env["MULTIMAIL_DATA"] || "data", "first-run.json");
  const first = await readFirstRun(path);
  const here = text(first?.url);
  const named = options.url ?? (env["MULTIMAIL_API_URL"] || undefined);
  // Looked at only where something is missing, so that a profile that others may read stops nobody who needs none.
  const complete = named === undefined ? here !== undefined : options.key !== undefined;
  const profile = complete ? null : await readProfile(env);
  const url = named ?? here ?? profile?.url;
  if (url === undefined)
    throw new UsageError(
      `No server is known: there is no ${path}, no profile, and neither --api-url nor MULTIMAIL_API_URL.`,
      "Start one with `multimail serve`, or connect to one with `multimail init --url …`.",
    );
  const base = baseOf(url);
  const mine = profile !== null && baseOf(profile.url) === base ? profile : null;
  const local = here !== undefined && baseOf(here) === base ? first : null;
  const ownKey = keyFor[access].map((name) => text(local?.[name])).find((key) => key !== undefined);
  return {
    url: base,
    key: options.key ?? environmentKey(env, base) ?? ownKey ?? mine?.key,
    mailbox_id:
      (env["MULTIMAIL_MAILBOX_ID"] || undefined) ?? text(local?.mailbox_id) ?? mine?.mailbox_id,
  };
}

/** The environment's key for the server at `base`: where the environment names another server, it is that one's. */
export function environmentKey(
  env: Readonly<Record<string, string | undefined>>,
  base: string,
): string | undefined {
  const url = env["MULTIMAIL_API_URL"];
  return url && baseOf(url) !== base ? undefined : env["MULTIMAIL_API_KEY"] || undefined;
}

async function readFirstRun(path: string): Promise<FirstRun | null> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch {
    return null;
  }
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Told below.
  }
  throw new UsageError(`${path} is not valid JSON.`);
}

/** The address without a slash at its end. Throws {@link UsageError} for what is no http or https address. */
export function baseOf(url: string): string {
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw new UsageError(`${url} is not an http or https address.`);
  return parsed.origin + parsed.pathname.replace(/\/+$/, "");
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

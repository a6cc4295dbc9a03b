/** A running instance for scenario tests: in this process, with its own data folder, real PostgreSQL and real sockets. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { readConfig } from "../../src/config.ts";
import type { FirstRunFile } from "../../src/first-run.ts";
import { type Instance, startInstance } from "../../src/instance.ts";

import { startDns } from "../dns/server.ts";
import { freePorts } from "./child-server.ts";
import { noNotices } from "./owner-statement.ts";

/** A JSON answer of the API. Tests read fields of unknown answers: `any` is what they are. */
export type Answer = {
  status: number;
  headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
};

/** An instance with its keys and a way to call it. */
export type Running = {
  instance: Instance;
  folder: string;
  known: FirstRunFile;
  /** Calls the API with a key; a body makes it a POST unless the method is given. */
  call(
    key: string | null,
    path: string,
    body?: unknown,
    more?: { method?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Sends from the first mailbox with the agent's key. */
  send(message?: Record<string, unknown>, key?: string): Promise<Answer>;
  /** Decides with the oversight key. */
  decide(emailId: string, decision: string, more?: Record<string, unknown>): Promise<Answer>;
  /** Reads a message until it has one of the statuses; at most 20 seconds. */
  settled(emailId: string, ...statuses: string[]): Promise<Answer["body"]>;
  /** Stops; the data folder goes too unless `keep`. */
  stop(keep?: boolean): Promise<void>;
};

/**
 * Starts an instance, with a DNS that knows no name unless `env` names another: mail that cannot be looked up waits for a person.
 * `env` adds settings, such as a relay; `folder` reuses the data of an earlier one. The owner has chosen to be
 * told nothing by mail, unless the test asks for `notices`. What the instance logs goes to `log`, else nowhere.
 */
export async function run(
  env: Record<string, string> = {},
  folder?: string,
  { notices = false, log = pino({ level: "silent" }) }: { notices?: boolean; log?: Logger } = {},
): Promise<Running> {
  const data = folder ?? (await mkdtemp(join(tmpdir(), "multimail-test-")));
  let dns = env["MULTIMAIL_DNS"] === undefined ? await startDns({}) : null;
  const config = readConfig({
    MULTIMAIL_DATA: data,
    ...(dns && { MULTIMAIL_DNS: dns.address }),
    ...freePorts,
    ...env,
  });
  const instance = await startInstance(config, log).catch(async (error: unknown) => {
    await dns?.close();
    throw error;
  });
  if (!notices && folder === undefined && env["DATABASE_URL"] === undefined) await noNotices(data);
  const known = JSON.parse(await readFile(join(data, "first-run.json"), "utf8")) as FirstRunFile;
  const call: Running["call"] = async (key, path, body, more = {}) => {
    const response = await fetch(`${known.url}${path}`, {
      method: more.method ?? (body === undefined ? "GET" : "POST"),
      redirect: "manual",
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...more.headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get("content-type")?.startsWith("application/json") === true;
    return {
      status: response.status,
      headers: response.headers,
      body: json ? JSON.parse(text) : text,
    };
  };
  const read = (emailId: string): Promise<Answer> =>
    call(known.agent_key, `/v1/mailboxes/${known.mailbox_id}/emails/${emailId}`);
  return {
    instance,
    folder: data,
    known,
    call,
    send: (message = {}, key = known.agent_key) =>
      call(key, `/v1/mailboxes/${known.mailbox_id}/send`, {
        to: ["ada@example.com"],
        subject: "A test",
        markdown: "Some *text*.",
        ...message,
      }),
    decide: (emailId, decision, more = {}) =>
      call(known.oversight_key, "/v1/oversight/decide", { email_id: emailId, decision, ...more }),
    async settled(emailId, ...statuses) {
      const end = Date.now() + 20_000;
      for (;;) {
        const { body } = await read(emailId);
        if (statuses.includes(body.status)) return body;
        if (Date.now() > end)
          throw new Error(
            `message ${emailId} stays ${body.status}; waited for ${statuses.join(", ")}`,
          );
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    async stop(keep = false) {
      await instance.stop();
      await dns?.close();
      dns = null;
      if (!keep) await rm(data, { recursive: true, force: true });
    },
  };
}

/** Signs in by the first-run link, as a person in a browser does; answers the cookie. */
export async function signIn(running: Running): Promise<string> {
  const link = new URL(running.known.dashboard_link);
  const response = await fetch(`${running.known.url}/sign-in`, {
    method: "POST",
    redirect: "manual",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: running.known.url,
    },
    body: new URLSearchParams({ token: link.searchParams.get("token") ?? "" }),
  });
  if (response.status !== 303) throw new Error(`sign-in answered ${response.status}`);
  return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

/** Posts a form of a page as its browser would: with the page's own CSRF token. */
export async function postForm(
  running: Running,
  cookie: string,
  page: string,
  action: string,
  fields: Record<string, string>,
): Promise<Response> {
  const shown = await fetch(`${running.known.url}${page}`, { headers: { cookie } });
  const csrf = /name="csrf_token" value="([^"]+)"/.exec(await shown.text())?.[1] ?? "";
  return fetch(`${running.known.url}${action}`, {
    method: "POST",
    redirect: "manual",
    headers: {
      cookie,
      origin: running.known.url,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams({ csrf_token: csrf, ...fields }),
  });
}

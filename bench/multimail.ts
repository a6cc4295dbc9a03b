/** Our server as the bench sees it: a process of its own, used through its doors as any user would. */
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FirstRunFile } from "../src/first-run.ts";
import { freePort, start, stop, until } from "./child.ts";
import { noNotices } from "../test/scenarios/owner-statement.ts";

/** A running server. */
export type Server = FirstRunFile & {
  folder: string;
  pid: number;
  /** The server's process and PostgreSQL's first one: the roots of everything that works for us. */
  roots: number[];
  /** Folder of PostgreSQL's socket. */
  socket_folder: string;
  /** Seconds from start of the process to readiness. */
  started_in: number;
  /** The session cookie of the owner. */
  signIn(): Promise<string>;
  /** Sets the mode of the first mailbox as its owner does, on the dashboard. */
  setMode(mode: string): Promise<void>;
  /** Stops; the data folder goes too unless `keep`. */
  close(keep?: boolean): Promise<void>;
};

const main = new URL("../src/main.ts", import.meta.url).pathname;

/** Starts a server with a new data folder, or with that of an earlier one. */
export async function openServer(
  env: Record<string, string> = {},
  folder?: string,
): Promise<Server> {
  const data = folder ?? (await mkdtemp(join(tmpdir(), "multimail-bench-")));
  const port = await freePort();
  const begun = performance.now();
  const child = start(process.execPath, [...profiling(), main], {
    env: {
      ...process.env,
      MULTIMAIL_DATA: data,
      MULTIMAIL_PORT: String(port),
      MULTIMAIL_SMTP_PORT: "0",
      MULTIMAIL_SUBMISSION_PORT: "0",
      MULTIMAIL_CATCHER_PORT: "0",
      MULTIMAIL_SMTP_CONNECTIONS: "20",
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await until("the server is ready", 60, () => {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    return ready(url);
  });
  const started = (performance.now() - begun) / 1000;
  // The sink counts every mail it gets: notices to people would pass for messages.
  if (folder === undefined && env["DATABASE_URL"] === undefined) await noNotices(data);
  return known(child, data, url, started);
}

async function ready(url: string): Promise<boolean> {
  return fetch(`${url}/ready`).then(
    (response) => response.ok,
    () => false,
  );
}

/** With BENCH_PROFILE=folder the server writes a CPU profile there when it stops. */
function profiling(): string[] {
  const folder = process.env["BENCH_PROFILE"];
  return folder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${folder}`];
}

async function known(
  child: ChildProcess,
  data: string,
  url: string,
  started: number,
): Promise<Server> {
  const first = JSON.parse(await readFile(join(data, "first-run.json"), "utf8")) as FirstRunFile;
  const pidFile = (await readFile(join(data, "postgres", "data", "postmaster.pid"), "utf8")).split(
    "\n",
  );
  const server: Server = {
    ...first,
    url,
    folder: data,
    pid: child.pid ?? 0,
    roots: [child.pid ?? 0, Number(pidFile[0])],
    socket_folder: pidFile[4] ?? "",
    started_in: started,
    signIn: () => signIn(server),
    setMode: (mode) => setMode(server, mode),
    async close(keep = false) {
      await stop(child);
      if (!keep) await rm(data, { recursive: true, force: true });
    },
  };
  return server;
}

/** Redeems the dashboard link of the first start. */
async function signIn(server: Server): Promise<string> {
  const token = new URL(server.dashboard_link).searchParams.get("token") ?? "";
  const response = await postForm(server, "/sign-in", "", { token });
  if (response.status !== 303) throw new Error(`sign-in answered ${response.status}`);
  return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

/** Only a person may raise a mode: signs in, opens the mailbox's page and saves its form. */
async function setMode(server: Server, mode: string): Promise<void> {
  const cookie = await signIn(server);
  const path = `/mailboxes/${server.mailbox_id}`;
  const page = await (await fetch(`${server.url}${path}`, { headers: { cookie } })).text();
  const field = (name: string): string =>
    new RegExp(`name="${name}"\\s+value="([^"]*)"`).exec(page)?.[1] ?? "";
  const response = await postForm(server, path, cookie, {
    csrf_token: field("csrf_token"),
    was_oversight_mode: field("was_oversight_mode"),
    oversight_mode: mode,
  });
  if (!(response.headers.get("location") ?? "").endsWith("?saved"))
    throw new Error(`the mailbox form answered ${response.status}`);
}

function postForm(
  server: Server,
  path: string,
  cookie: string,
  fields: Record<string, string>,
): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: server.url, cookie, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
  });
}

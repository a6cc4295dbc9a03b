/** One running instance: database, engine, workers and doors, wired and stopped in order. */
import { randomBytes } from "node:crypto";
import type { Hono } from "hono";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import type { AuthorizationServer } from "./contract/oauth.ts";
import { createDispatcher } from "./contract/dispatch.ts";
import { createEngineContext } from "./engine-context.ts";
import type { EngineContext } from "./engine/context.ts";
import { type Engine, createEngine } from "./engine/engine.ts";
import { createQueue } from "./engine/queue.ts";
import { publicPace } from "./engine/rate-limit.ts";
import { createReader } from "./engine/read.ts";
import { createApp } from "./http/app.ts";
import { listen } from "./http/server.ts";
import { mountLlms } from "./http/llms.ts";
import { mountOAuth } from "./http/oauth/mount-oauth.ts";
import { createRequestMetrics, mountMetrics } from "./http/metrics.ts";
import { mountMtaSts } from "./http/mta-sts.ts";
import { mountPages } from "./http/pages/mount-pages.ts";
import { mountReference } from "./http/pages/reference-pages.ts";
import type { McpDoorOptions } from "./mcp/door.ts";
import { openControl } from "./control.ts";
import { eraseCommand } from "./erase-command.ts";
import { type Delivery, openDelivery } from "./mail-route.ts";
import { openApiOf } from "./openapi-document.ts";
import { allOperations } from "./operations/all.ts";
import type { Reading } from "./mail-reading.ts";
import { type FirstRun, keepPublicKeys, settleFirstRun } from "./first-run.ts";
import { openAuthorization } from "./authorization.ts";
import { availability } from "./availability.ts";
import { createOwnDoor } from "./own-door.ts";
import { pagesReaders } from "./pages-readers.ts";
import { type SmtpDoors, openSmtpDoors } from "./smtp-doors.ts";
import { type Storage, openStorage } from "./storage.ts";
import { startDelivery } from "./workers/deliver.ts";
import type { Worker } from "./workers/loop.ts";
import { startReceiving } from "./workers/receive.ts";
import { startSequencer } from "./workers/sequence.ts";
import { openChatPost } from "./workers/chat-post.ts";
import { startNotices } from "./workers/notices.ts";
import { startPublishing } from "./workers/publish-events.ts";
import { startServiceMail } from "./workers/service-mail.ts";
import { startErasing } from "./workers/erase.ts";
import { startSweep } from "./workers/sweep.ts";
import { startTlsReports } from "./workers/tls-reports.ts";
import { startTimers } from "./workers/timers.ts";
import { startIndexing } from "./workers/index-mail.ts";
import { startVerifying } from "./workers/verify-domains.ts";
import { maxWebhookCalls, startWebhooks } from "./workers/webhooks.ts";
import { openGuardedAgent } from "./web/guarded-agent.ts";
import { version } from "./version.ts";

/** What runs, and how it ends. */
export type Instance = {
  url: string;
  /** Where the local catcher listens and keeps its mail; null when mail really leaves. */
  catcher: { host: string; port: number; folder: string } | null;
  /** Where mail for our mailboxes is taken, and mail of programs; null on a node that does neither. */
  smtp: Pick<SmtpDoors, "inbound" | "submission"> | null;
  /** Null where another node founded, or somebody took the file away. */
  first_run_file: string | null;
  dashboard_link: string | null;
  agent_key: string | null;
  mailbox_id: string | null;
  /** Finishes what was begun, then stops: doors, workers, catcher, database. */
  stop(): Promise<void>;
};

/** Starts everything. Throws errors whose message is one line for a person; what was started is stopped again. */
export async function startInstance(config: Config, log: Logger): Promise<Instance> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).toReversed())
      // A part that cannot end well, because the database is away perhaps, must not keep the others running.
      await each().catch((error: unknown) =>
        log.error({ error: String(error) }, "a part did not stop well"),
      );
  };
  try {
    return await start(config, log, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

type Stops = (() => Promise<void>)[];
type Wakes = {
  deliver?: Worker;
  timers?: Worker;
  sequence?: Worker;
  receive?: Worker;
  service_mail?: Worker;
  notices?: Worker;
  publish?: Worker;
};

/** Hints of the engine to whichever workers run here. */
function wakesOf(workers: Wakes): EngineContext["wake"] {
  return {
    deliver: () => workers.deliver?.wake(),
    timers() {
      workers.timers?.wake();
      workers.notices?.wake();
    },
    sequence() {
      workers.sequence?.wake();
      workers.publish?.wake();
    },
    receive: () => workers.receive?.wake(),
    service_mail: () => workers.service_mail?.wake(),
  };
}

async function start(
  config: Config,
  log: Logger,
  stops: Stops,
  stop: () => Promise<void>,
): Promise<Instance> {
  const storage = await openStorage(config, log);
  stops.push(storage.close);
  const workers: Wakes = {};
  const { context, reading, port, public_url } = await createEngineContext(
    config,
    storage,
    log,
    wakesOf(workers),
  );
  stops.push(reading.close);
  const engine = createEngine(context);
  const firstRun = await settleFirstRun(config, context, engine, public_url);
  await keepPublicKeys(config, engine, firstRun.operator_ids);
  const own = createOwnDoor(context);
  const delivery = await openDelivery(config, context, { resolver: reading.resolver, own }, log);
  stops.push(delivery.close);
  const [operatorId] = firstRun.operator_ids;
  const signInLink = (): Promise<string> => engine.mintSignInLink(operatorId ?? "");
  const control = await openControl(
    config.data,
    { "sign-in-link": signInLink, erase: (input) => eraseCommand(engine, input) },
    log,
  );
  stops.push(control.close);
  if (config.roles.has("worker"))
    await startWorkers({
      config,
      context,
      engine,
      storage,
      delivery,
      reading,
      log,
      stops,
      workers,
    });
  const smtp = config.roles.has("smtp")
    ? await openSmtpDoors(config, engine, context.now, log)
    : null;
  own.opened(smtp?.own ?? null);
  if (smtp)
    stops.push(async () => {
      own.closing();
      await smtp.close();
    });
  if (config.roles.has("api"))
    await openHttp({ config, context, engine, delivery, firstRun, reading, port, log, stops });
  return {
    url: public_url,
    catcher: delivery.catcher,
    smtp: smtp && { inbound: smtp.inbound, submission: smtp.submission },
    first_run_file: firstRun.file,
    dashboard_link: firstRun.dashboard_link,
    agent_key: firstRun.agent_key,
    mailbox_id: firstRun.mailbox_id,
    stop,
  };
}

type DoorParts = {
  authorization: AuthorizationServer;
  config: Config;
  context: EngineContext;
  engine: Engine;
  delivery: Delivery;
  firstRun: FirstRun;
  log: Logger;
};

/** The HTTP door with all that stands behind it. */
async function openHttp(
  parts: Omit<DoorParts, "authorization"> & { reading: Reading; port: number; stops: Stops },
): Promise<void> {
  const { config, context, engine, reading, port, log, stops, ...rest } = parts;
  const authorization = openAuthorization({
    context,
    resolver: reading.resolver,
    allow_private: config.private_targets,
    guard: availability(log),
  });
  stops.push(authorization.close);
  const app = createDoors({
    authorization: authorization.server,
    config,
    context,
    engine,
    log,
    ...rest,
  });
  const door = await listen(app, {
    host: config.host,
    port,
    new_request_id: context.new_id,
    grace: Math.min(10_000, config.stop_grace),
  });
  stops.push(door.close);
  // First of all: calls that wait would hold the door open.
  stops.push(async () => {
    engine.waiting.close();
    engine.closeEvents();
  });
}

async function startWorkers(parts: {
  config: Config;
  context: EngineContext;
  engine: Engine;
  storage: Storage;
  delivery: Delivery;
  reading: Reading;
  log: Logger;
  stops: Stops;
  workers: Wakes;
}): Promise<void> {
  const { config, context, engine, storage, delivery, reading, log, stops, workers } = parts;
  const queue = createQueue(storage.database);
  const shared = { engine, queue, node: storage.node, now: context.now, log };
  await queue.reclaim(storage.node, context.now());
  // Stopped in the opposite order: the sequencer last, so that everything committed gets its index.
  workers.sequence = startSequencer({ engine, log });
  stops.push(workers.sequence.stop);
  const { driver } = delivery;
  const { transport } = driver;
  const post = openChatPost({
    resolver: reading.resolver,
    allow_private: config.private_webhooks,
  });
  const serviceMail = startServiceMail({ ...shared, transport, post });
  workers.service_mail = serviceMail;
  // It is stopped before the delivery worker, which closes the transport; then what is under way lands.
  stops.push(serviceMail.landed);
  const transcripts = config.transcript_days > 0;
  const grace = { stop_grace: config.stop_grace };
  if (config.delivery === "direct" && config.tls_reports) {
    const { resolver } = reading;
    const content_type = "application/tlsrpt+gzip";
    const allow_private = config.private_targets;
    const tlsPost = openChatPost({ resolver, allow_private, content_type });
    stops.push(startTlsReports({ ...shared, resolver, transport, post: tlsPost }).stop);
  }
  workers.deliver = startDelivery({ ...shared, driver, transcripts, ...grace });
  stops.push(workers.deliver.stop);
  stops.push(serviceMail.stop);
  const { private_webhooks } = config;
  const webhooks = startWebhooks({
    ...shared,
    agent: openGuardedAgent({
      resolver: reading.resolver,
      allow_private: private_webhooks,
      allow_http: private_webhooks,
      // Calls are held back by webhook. Held back by host, one operator's would wait behind another's until they time out.
      connections: maxWebhookCalls,
    }),
  });
  stops.push(webhooks.stop);
  workers.publish = startPublishing({ engine, published: webhooks.wake, log });
  stops.push(workers.publish.stop);
  workers.timers = startTimers(shared);
  stops.push(workers.timers.stop);
  workers.notices = startNotices(shared);
  stops.push(workers.notices.stop);
  stops.push(startSweep({ ...shared, transcript_days: config.transcript_days }).stop);
  stops.push(startErasing(shared).stop);
  stops.push(startIndexing(shared).stop);
  stops.push(startVerifying(shared).stop);
  workers.receive = startReceiving(shared);
  stops.push(workers.receive.stop);
}

/** The MCP door, loaded at its first request: an instance that only REST talks to starts without it. */
function mcpDoor(options: McpDoorOptions): (request: Request) => Promise<Response> {
  let door: Promise<(request: Request) => Promise<Response>> | undefined;
  return async (request) => {
    door ??= import("./mcp/door.ts").then(({ createMcpDoor }) => createMcpDoor(options));
    return (await door)(request);
  };
}

/** REST, MCP and pages over one dispatcher. */
function createDoors(parts: DoorParts): Hono {
  const { config, context, engine, delivery, firstRun, log } = parts;
  const { public_url } = context;
  const read = createReader(context);
  const guard = availability(log);
  const sign_up_open = config.sign_up === "open";
  const instance = {
    version,
    public_url,
    sign_up_open,
    openapi: () => openApiOf(allOperations),
    async sole_operator() {
      const [only, ...others] = await engine.operatorIds(2);
      return others.length === 0 ? (only ?? null) : null;
    },
    routes: delivery.routes,
  };
  const dispatcher = guard.dispatcher(
    createDispatcher(allOperations, { read, engine, now: context.now, instance }, engine.approvals),
  );
  const authenticate = guard.of(engine.admit);
  const common = { dispatcher, authenticate, public_url, new_request_id: context.new_id, log };
  const requests = createRequestMetrics();
  const { caught } = delivery;
  const readers = pagesReaders(engine, caught, engine.operatorIds, context.mail.parse);
  const mcp = mcpDoor({
    ...common,
    version,
    read_only_view: guard.of(read.onlyReadOnly),
    random_bytes: randomBytes,
  });
  return createApp({
    ...common,
    reauthenticate: guard.of(engine.authenticate),
    pace: publicPace(context),
    observe: requests.observe,
    mount(pages) {
      pages.all("/mcp", (c) => mcp(c.req.raw));
      mountOAuth(pages, { server: parts.authorization, public_url, log });
      const metrics = guard.of(engine.metrics);
      mountMetrics(pages, { token: config.metrics_token, requests, metrics, version });
      mountMtaSts(pages, guard.of(engine.stsPolicyFor));
      mountLlms(pages, { operations: allOperations, public_url, sign_up_open });
      mountReference(pages, { openapi: () => openApiOf(allOperations), public_url });
      mountPages(pages, {
        ...common,
        ...readers,
        verify: guard.of(readers.verify),
        caught: caught && { list: guard.of(caught.list), get: guard.of(caught.get) },
        host_operator: firstRun.operator_ids[0] ?? "",
        sign_up_open,
        sign_in: guard.signIn(engine.signIn),
        oauth: parts.authorization,
        secure_cookies: public_url.startsWith("https://"),
        now: () => context.now().getTime(),
      });
    },
  });
}

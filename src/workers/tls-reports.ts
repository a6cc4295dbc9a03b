/** The worker that sends TLS reports (RFC 8460) to domains that ask for them: by HTTPS, or as signed mail. */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Engine } from "../engine/engine.ts";
import type { DnsResolver } from "../mail/dns-record.ts";
import type { Transport } from "../mail/smtp-client.ts";
import { type ReportTarget, composeTlsReport, readReportTargets } from "../mail/tls-report.ts";
import { type Worker, startLoop } from "./loop.ts";
import type { ChatPost } from "./service-mail.ts";

/** Reports that one round sends, and how often a report is tried (RFC 8460 section 5.2 gives it a day). */
const perRound = 5;
const maxAttempts = 8;

/** What the worker needs. */
export type TlsReportOptions = {
  engine: Engine;
  resolver: DnsResolver;
  transport: Transport;
  /** Posts `application/tlsrpt+gzip` to https addresses on the open Internet. */
  post: ChatPost;
  now(): Date;
  log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** Milliseconds between rounds without work; 5 minutes. */
  poll_ms?: number;
};

type Report = Awaited<ReturnType<Engine["tlsReportOf"]>>;
type Sent = { outcome: "accepted" | "temporary" | "permanent"; reply: string };

/** Starts the worker. */
export function startTlsReports(options: TlsReportOptions): Worker {
  const { engine } = options;
  return startLoop({
    name: "tls_reports",
    poll_ms: options.poll_ms ?? 300_000,
    log: options.log,
    async round() {
      await engine.planTlsReports();
      const due = await engine.claimTlsReports(perRound);
      for (const report of due) {
        const outcome = await send(options, report);
        // Without one it comes due again.
        if (outcome !== null) await engine.settleTlsReport(report, outcome);
      }
      return due.length === perRound;
    },
  });
}

/** What came of it; null where it is to be tried again. */
async function send(
  options: TlsReportOptions,
  due: Parameters<Engine["settleTlsReport"]>[0],
): Promise<string | null> {
  const { engine, resolver, log } = options;
  const last = due.attempts >= maxAttempts;
  const answer = await resolver.resolve(`_smtp._tls.${due.domain}`, "TXT");
  const unknown = answer.status === "servfail" || answer.status === "timeout";
  if (unknown) return last ? "DNS did not tell where reports go" : null;
  const targets = answer.status === "ok" ? readReportTargets(answer.records) : [];
  if (targets.length === 0) return "no reports wanted";
  const report = await engine.tlsReportOf(due);
  const packed = await promisify(gzip)(report.json);
  const sent: Sent[] = [];
  for (const target of targets) sent.push(await sendTo(options, target, report, packed));
  const words = sent.map(({ outcome, reply }) => `${outcome}: ${reply}`).join("; ");
  // One that has it must not get it again because of another.
  if (sent.some(({ outcome }) => outcome === "accepted")) return words;
  if (!last && sent.some(({ outcome }) => outcome === "temporary")) return null;
  log.warn({ domain: due.domain, day: due.day, outcome: words }, "a TLS report was not taken");
  return words;
}

async function sendTo(
  options: TlsReportOptions,
  target: ReportTarget,
  report: Report,
  packed: Buffer,
): Promise<Sent> {
  if (target.kind === "https") return options.post(target.url, packed);
  const { address: from, domain: submitter } = options.engine.tlsReporter();
  const mail = { from, to: target.address, submitter, date: options.now(), packed };
  const signed = await options.engine.signTlsReport(composeTlsReport(report, mail));
  if (signed === null) return { outcome: "permanent", reply: `${submitter} has no DKIM key` };
  try {
    const { recipients } = await options.transport.send({
      from: "",
      recipients: [target.address],
      data: signed,
    });
    const [first] = recipients;
    const outcome =
      first === undefined || first.outcome === "unknown" ? "temporary" : first.outcome;
    return { outcome, reply: `${first?.reply.code ?? 0} ${first?.reply.text ?? ""}`.slice(0, 200) };
  } catch (error) {
    return { outcome: "temporary", reply: String(error).slice(0, 200) };
  }
}

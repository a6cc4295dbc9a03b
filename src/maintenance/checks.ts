/** The doctor's checks of a machine: each says what it found and, where something is wrong, how to mend it. */
import { X509Certificate, createPrivateKey } from "node:crypto";
import { lookup } from "node:dns/promises";
import { access, constants, readFile, stat, statfs } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { connect } from "node:tls";

/** What a check found. `skipped` says why there was nothing to look at. */
export type Finding = {
  area: "settings" | "server" | "data" | "database" | "keys" | "ports" | "tls" | "dns" | "clock";
  state: "ok" | "warning" | "wrong" | "skipped";
  says: string;
  /** How to mend it. */
  mend?: string;
};

/** Bytes of free disk below which something is wrong, and below which it soon will be. */
const fullDisk = 100e6;
const nearlyFullDisk = 2e9;

/** The data folder: there, ours alone, writable, with room on its disk. */
export async function checkFolder(folder: string): Promise<Finding[]> {
  const found = await stat(folder).catch(() => null);
  if (!found)
    return [
      {
        area: "data",
        state: "skipped",
        says: `There is no folder ${folder} yet: the first start makes it.`,
      },
    ];
  const findings: Finding[] = [];
  const writable = await access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!writable || !found.isDirectory())
    findings.push({
      area: "data",
      state: "wrong",
      says: `${folder} is no folder that this user may write.`,
      mend: "Run as the user that made it, or name another with MULTIMAIL_DATA.",
    });
  else if ((found.mode & 0o007) !== 0)
    findings.push({
      area: "data",
      state: "warning",
      says: `Others may look into ${folder}.`,
      mend: `chmod o-rwx ${folder}`,
    });
  else findings.push({ area: "data", state: "ok", says: `${folder} is ours alone.` });
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const gigabytes = `${(free / 1e9).toFixed(1)} GB`;
  findings.push(
    free > nearlyFullDisk
      ? { area: "data", state: "ok", says: `${gigabytes} are free on its disk.` }
      : {
          area: "data",
          state: free > fullDisk ? "warning" : "wrong",
          says: `Only ${gigabytes} are free on its disk.`,
          mend: "Make room: mail is refused when the disk is full, and none is lost.",
        },
  );
  return findings;
}

/** Files that only their owner may read. Those that are not there are no finding. */
export async function checkSecrets(folder: string, names: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (!found) continue;
    findings.push(
      (found.mode & 0o077) === 0
        ? { area: "keys", state: "ok", says: `${name} is readable by its owner alone.` }
        : {
            area: "keys",
            state: "wrong",
            says: `Others may read ${path}.`,
            mend: `chmod 600 ${path}; if somebody may have read it, change what it holds.`,
          },
    );
  }
  return findings;
}

/** A port of ours: answered by the running server, or free for one to be started. */
export async function checkPort(
  purpose: string,
  host: string,
  port: number,
  running: boolean,
  setting: string,
): Promise<Finding> {
  const at = `${purpose}: ${host}:${port}`;
  if (running)
    return (await connects(host, port))
      ? { area: "ports", state: "ok", says: `${at} answers.` }
      : {
          area: "ports",
          state: "warning",
          says: `${at} does not answer, though the server runs.`,
          mend: `It may use another port: the start of the server prints which. ${setting} sets it.`,
        };
  const error = await listens(host, port);
  if (error === null) return { area: "ports", state: "ok", says: `${at} is free.` };
  return {
    area: "ports",
    state: "wrong",
    says: `${at} cannot be used: ${error}.`,
    mend:
      error === "EACCES"
        ? "Ports below 1024 need root, or CAP_NET_BIND_SERVICE."
        : `Free it, or set ${setting} to another.`,
  };
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 5000 });
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

function listens(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}

const day = 24 * 3600 * 1000;

/** A certificate's days left and names (RFC 6125), for whatever presents it. */
function judgeCertificate(
  what: string,
  certificate: X509Certificate,
  name: string,
  now: Date,
): Finding {
  const left = Math.floor((Date.parse(certificate.validTo) - now.getTime()) / day);
  if (left < 0 || Date.parse(certificate.validFrom) > now.getTime())
    return {
      area: "tls",
      state: "wrong",
      says: `${what} is valid from ${certificate.validFrom} to ${certificate.validTo}.`,
      mend: "Renew it, or set the clock.",
    };
  if (certificate.checkHost(name) === undefined)
    return {
      area: "tls",
      state: "warning",
      says: `${what} does not name ${name}.`,
      mend: `Get one for ${name}: servers that insist on TLS refuse another.`,
    };
  if (left < 14)
    return {
      area: "tls",
      state: "warning",
      says: `${what} ends in ${left} days.`,
      mend: "Renew it.",
    };
  return { area: "tls", state: "ok", says: `${what} is for ${name}, and good for ${left} days.` };
}

/** The PEM files of a certificate and its key. */
export async function checkCertificateFiles(
  files: { cert: string; key: string },
  name: string,
  now: Date,
): Promise<Finding> {
  try {
    const certificate = new X509Certificate(await readFile(files.cert));
    const key = createPrivateKey(await readFile(files.key));
    if (!certificate.checkPrivateKey(key))
      return {
        area: "tls",
        state: "wrong",
        says: `${files.key} is not the key of ${files.cert}.`,
        mend: "Set MULTIMAIL_TLS_CERT and MULTIMAIL_TLS_KEY to a pair.",
      };
    return judgeCertificate("The certificate for SMTP", certificate, name, now);
  } catch (error) {
    return {
      area: "tls",
      state: "wrong",
      says: `The certificate for SMTP cannot be used: ${wordsOf(error)}.`,
      mend: "MULTIMAIL_TLS_CERT and MULTIMAIL_TLS_KEY name PEM files.",
    };
  }
}

/** The certificate that an https address presents. Whether it chains to a trusted root is fetch's to say. */
export function checkHttps(url: URL, now: Date): Promise<Finding> {
  return new Promise((resolve) => {
    const socket = connect({
      host: url.hostname,
      port: Number(url.port || 443),
      servername: url.hostname,
      // Only looked at: nothing is sent.
      rejectUnauthorized: false,
      timeout: 5000,
    });
    const end = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    const failed = (why: string): void =>
      end({
        area: "tls",
        state: "wrong",
        says: `No TLS with ${url.host}: ${why}.`,
        mend: "See to the proxy that answers https.",
      });
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerX509Certificate();
      if (!certificate) return failed("it shows no certificate");
      const finding = judgeCertificate(
        `The certificate of ${url.host}`,
        certificate,
        url.hostname,
        now,
      );
      if (finding.state === "ok" && !socket.authorized)
        return failed(`its certificate is not trusted (${String(socket.authorizationError)})`);
      return end(finding);
    });
    socket.once("timeout", () => failed("it does not answer"));
    socket.once("error", (error) => failed(wordsOf(error)));
  });
}

/** Seconds that clocks may differ. */
const tolerated = 5;

/** Our clock beside another one. */
export function checkClock(ours: Date, theirs: Date, whose: string): Finding {
  const seconds = (ours.getTime() - theirs.getTime()) / 1000;
  const off = Math.abs(seconds);
  if (off <= tolerated)
    return { area: "clock", state: "ok", says: `This clock and that of ${whose} agree.` };
  return {
    area: "clock",
    state: off > 60 ? "wrong" : "warning",
    says: `This clock is ${off.toFixed(0)} s ${seconds > 0 ? "ahead of" : "behind"} that of ${whose}.`,
    mend: "Let both follow NTP: codes, signatures and claims end by the clock.",
  };
}

/** That a host name leads somewhere. */
export async function checkHost(name: string, purpose: string): Promise<Finding> {
  try {
    const { address } = await lookup(name);
    return { area: "dns", state: "ok", says: `${purpose} ${name} is at ${address}.` };
  } catch (error) {
    return {
      area: "dns",
      state: "wrong",
      says: `${purpose} ${name} is not found: ${wordsOf(error)}.`,
      mend: "Check the name, and that DNS answers here.",
    };
  }
}

/** An error in a few words. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? error.cause : error;
  return inner.message || ("code" in inner ? String(inner.code) : inner.name);
}

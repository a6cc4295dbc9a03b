/** The certificate of the SMTP doors: brought or made once, and a renewed one is used without a restart. */
import { link, open, readFile, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import type { Logger } from "pino";
import { type Config, ConfigError } from "./config.ts";
import { type SelfSigned, selfSignedCertificate } from "./smtp/self-signed.ts";

/** Milliseconds between two looks at the files. */
const every = 3_600_000;

/** The certificate that was brought, else one that is made once and kept in the data folder. @throws ConfigError */
export async function certificateOf(config: Config, now: Date): Promise<SelfSigned> {
  if (config.tls !== null) return readBrought(config.tls);
  const file = join(config.data, "smtp-tls.pem");
  const kept = await readFile(file, "utf8").catch(() => null);
  const end = kept?.indexOf("-----BEGIN CERTIFICATE-----") ?? -1;
  if (kept !== null && end > 0) return { key: kept.slice(0, end), cert: kept.slice(end) };
  const made = selfSignedCertificate(config.smtp_name, now);
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, "w", 0o600);
  await handle.writeFile(`${made.key.trim()}\n${made.cert.trim()}\n`);
  await handle.sync();
  await handle.close();
  await link(temporary, file).catch(() => undefined);
  await unlink(temporary);
  return made;
}

/** Looks at the files of a certificate again. */
export type CertificateWatch = {
  /** Now; resolves when a renewed pair is in use. Never rejects. */
  look(): Promise<void>;
  stop(): void;
};

/**
 * Has a certificate that was brought used anew, each hour, where its files have changed. A pair that is broken or half written is
 * not used: the one before stays, the log says so, and the next look is at both again. What was made here does not change.
 */
export async function watchCertificate(
  files: Config["tls"],
  use: (renewed: SelfSigned) => void,
  log: Pick<Logger, "info" | "warn">,
): Promise<CertificateWatch> {
  if (files === null) return { look: () => Promise.resolve(), stop: () => undefined };
  let seen = await stamp(files).catch(() => null);
  const look = async (): Promise<void> => {
    try {
      const found = await stamp(files);
      if (found === seen) return;
      use(await readBrought(files));
      seen = found;
      log.info({ file: files.cert }, "smtp: a renewed certificate is in use");
    } catch (error) {
      log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        "smtp: the certificate's files have changed and cannot be used; the one before stays in use",
      );
    }
  };
  const timer = setInterval(() => void look(), every);
  timer.unref();
  return { look, stop: () => clearInterval(timer) };
}

/** What changes when a file is written or replaced, also behind a symbolic link. */
async function stamp({ cert, key }: { cert: string; key: string }): Promise<string> {
  const found = await Promise.all([stat(cert), stat(key)]);
  return found.map(({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`).join(", ");
}

async function readBrought(files: { cert: string; key: string }): Promise<SelfSigned> {
  const [cert, key] = await Promise.all([
    readPem("MULTIMAIL_TLS_CERT", files.cert),
    readPem("MULTIMAIL_TLS_KEY", files.key),
  ]);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new ConfigError(
      `MULTIMAIL_TLS_CERT and MULTIMAIL_TLS_KEY: are no certificate and its key in PEM: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  return { cert, key };
}

async function readPem(name: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new ConfigError(
      `${name}: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

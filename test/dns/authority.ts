/** Certificates with an authority above them, made by openssl for one test run. */
import { execFileSync } from "node:child_process";
import { X509Certificate, createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { KeyAndCertificate } from "../sink/self-signed.ts";

export const OPENSSL = "/usr/bin/openssl";
export const no_openssl = !existsSync(OPENSSL);

export interface Authority {
  /** PEM. */
  readonly cert: string;
  /** A certificate for these names, good for 30 days; `chain` sends the authority's along (default). */
  issue(names: readonly string[], options?: { chain?: boolean }): KeyAndCertificate;
}

/** A new authority. Its files are gone when this returns, but for what `issue` makes anew. */
export function newAuthority(name: string): Authority {
  const ca = inFolder((at) => {
    const key = [...newKey, "-keyout", at("key")];
    openssl("req", "-x509", ...key, "-out", at("cert"), "-subj", `/CN=${name}`, "-days", "90");
    return { key: readFileSync(at("key"), "utf8"), cert: readFileSync(at("cert"), "utf8") };
  });
  return {
    cert: ca.cert,
    issue: (names, { chain = true } = {}) =>
      inFolder((at) => {
        writeFileSync(at("cakey"), ca.key);
        writeFileSync(at("ca"), ca.cert);
        const alt = names.map((one) => `DNS:${one}`).join(",");
        // Without the key's identifier only the signature tells whose certificate it is.
        writeFileSync(at("ext"), `subjectAltName=${alt}\nauthorityKeyIdentifier=none\n`);
        openssl(
          "req",
          ...newKey,
          "-keyout",
          at("key"),
          "-out",
          at("csr"),
          "-subj",
          `/CN=${names[0]}`,
        );
        const signed = ["-CA", at("ca"), "-CAkey", at("cakey"), "-out", at("cert")];
        openssl("x509", "-req", "-in", at("csr"), ...signed, "-extfile", at("ext"), "-days", "30");
        const cert = readFileSync(at("cert"), "utf8");
        return { key: readFileSync(at("key"), "utf8"), cert: chain ? cert + ca.cert : cert };
      }),
  };
}

/** A TLSA record, as the zone table takes it, that binds the first certificate in `pem`. */
export function tlsa(pem: string, usage: number, selector: number, matchingType: number): unknown {
  const certificate = new X509Certificate(pem);
  const whole =
    selector === 0
      ? certificate.raw
      : certificate.publicKey.export({ type: "spki", format: "der" });
  const data =
    matchingType === 0
      ? whole
      : createHash(matchingType === 1 ? "sha256" : "sha512")
          .update(whole)
          .digest();
  return { usage, selector, matchingType, certificate: data };
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function openssl(...args: string[]): void {
  execFileSync(OPENSSL, args, { stdio: ["ignore", "ignore", "pipe"] });
}

function inFolder<T>(work: (at: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "authority-"));
  try {
    return work((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Another implementation's word on an assertion: @simplewebauthn/server, in a process of its own. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { AssertionJson } from "./authenticator.ts";

/** What it is asked. `challenge` is the 32 bytes that were to be signed, `cose` the credential's COSE_Key. */
export type Question = {
  challenge: Buffer;
  origin: string;
  rp_id: string;
  cose: Buffer;
};

/** Its verdict; where it refuses, the reason it gives is thrown. */
export function otherVerdict(json: AssertionJson, asked: Question): Promise<boolean> {
  const program = fileURLToPath(new URL("./other-webauthn-process.mjs", import.meta.url));
  const question = JSON.stringify({
    ...json,
    origin: asked.origin,
    rp_id: asked.rp_id,
    challenge: asked.challenge.toString("base64url"),
    cose: asked.cose.toString("base64url"),
  });
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, question], (error, stdout) =>
      error instanceof Error ? reject(error) : resolve(stdout.trim() === "verified"),
    );
  });
}

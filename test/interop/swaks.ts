/** Whether swaks is here, and with it the Perl module by which it speaks TLS. */
import { spawnSync } from "node:child_process";

export const SWAKS = "/usr/bin/swaks";
const support = spawnSync(SWAKS, ["--support"], { encoding: "utf8" });

/** True also where it could not say STARTTLS: Debian only recommends libnet-ssleay-perl beside it. */
export const no_swaks = support.status !== 0 || !support.stdout.includes("TLS supported");

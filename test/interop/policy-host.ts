/** The web hosts of MTA-STS policies, on the one port where RFC 8461 looks for them. */
import { createServer } from "node:https";
import { userInfo } from "node:os";

import type { KeyAndCertificate } from "../sink/self-signed.ts";

/** Port 443 is for root only. */
export const no_policy_host = userInfo().uid !== 0;

export interface PolicyHost {
  /** Hosts that were asked, in order. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

/** Serves policies by domain at an address such as `127.0.0.10`. Rejects with EADDRINUSE where another server is there. */
export async function startPolicyHost(
  address: string,
  tls: KeyAndCertificate,
  policies: Readonly<Record<string, string>>,
): Promise<PolicyHost> {
  const asked: string[] = [];
  const server = createServer(tls, (request, response) => {
    const host = request.headers.host ?? "";
    asked.push(host);
    const policy = host.startsWith("mta-sts.")
      ? policies[host.slice("mta-sts.".length)]
      : undefined;
    const found = policy !== undefined && request.url === "/.well-known/mta-sts.txt";
    response.writeHead(found ? 200 : 404, { "content-type": "text/plain" });
    response.end(found ? policy : "");
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(443, address, resolve);
  });
  return {
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

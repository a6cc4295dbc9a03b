/** How often one place in the network may try something: counted in this process, in windows of fixed length. */
import ipaddr from "ipaddr.js";
import { Refusal } from "../core/refusal.ts";

/** Places that are counted at once; beyond it all others share one count. */
const maxSources = 10_000;

/** Throws `rate_limited` at the try that is one too many of its window. */
export type SourcePace = (source: string) => void;

/** Makes a counter of `tries` in `window_ms` for each source; `message` is what the one too many is told. */
export function sourcePace(
  now: () => Date,
  tries: number,
  window_ms: number,
  message = "There were too many tries from your network.",
): SourcePace {
  let windowEnds = 0;
  const seen = new Map<string, number>();
  return (source) => {
    const at = now().getTime();
    if (at >= windowEnds) {
      seen.clear();
      windowEnds = at + window_ms;
    }
    const network = networkOf(source);
    const place = seen.has(network) || seen.size < maxSources ? network : "others";
    const count = (seen.get(place) ?? 0) + 1;
    seen.set(place, count);
    if (count > tries)
      throw new Refusal("rate_limited", message, {
        retry_after: Math.ceil((windowEnds - at) / 1000),
        policy: { name: "address", quota: tries, window: Math.ceil(window_ms / 1000) },
      });
  };
}

/** An IPv4 address, or the /64 that one subscriber of IPv6 has to choose from. */
function networkOf(source: string): string {
  if (!ipaddr.isValid(source)) return "unknown";
  const address = ipaddr.process(source);
  if (address.kind() === "ipv4") return address.toString();
  return address.toByteArray().slice(0, 8).join(".");
}

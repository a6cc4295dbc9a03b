/** Mail from one of us to another: which domains end here, and the door of this node that takes it. */
import { bounceLabel } from "./engine/addresses.ts";
import type { EngineContext } from "./engine/context.ts";
import type { Endpoint } from "./mail/destination-attempt.ts";
import type { OwnReception } from "./mail/direct.ts";
import { isHostedDomain } from "./store/sign-ups.ts";

/** The reception as delivery sees it, and what doors say of themselves. */
export type OwnDoor = OwnReception & {
  /** Where mail for ourselves is taken from now on; null where this node takes none. */
  opened(at: Endpoint | null): void;
  /** It is about to close: what would go through it waits for delivery to stop too, and is due again at the next start. */
  closing(): void;
};

/** Made before the doors open, since delivery starts first. */
export function createOwnDoor({
  database,
  instance_domain,
}: Pick<EngineContext, "database" | "instance_domain">): OwnDoor {
  let place = Promise.withResolvers<Endpoint | null>();
  return {
    receives: (domain) =>
      isHostedDomain(
        database,
        domain.startsWith(bounceLabel) ? domain.slice(bounceLabel.length) : domain,
        instance_domain,
      ),
    door: () => place.promise,
    opened: (at) => place.resolve(at),
    closing() {
      place = Promise.withResolvers();
    },
  };
}

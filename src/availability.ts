/** When the database is away or full: a clear 503 that says to try again, instead of a bug. */
import type { Logger } from "pino";
import type { Dispatcher } from "./contract/dispatch.ts";
import type { SignIn } from "./contract/sign-in.ts";
import { Refusal } from "./core/refusal.ts";
import { isUnavailable } from "./store/database.ts";

/** Wrappers that turn "the database is away" into the refusal `unavailable`. */
export function availability(log: Logger): {
  of<A extends unknown[], R>(work: (...args: A) => Promise<R>): (...args: A) => Promise<R>;
  dispatcher(dispatcher: Dispatcher): Dispatcher;
  signIn(signIn: SignIn): SignIn;
} {
  let said = -Infinity;
  /** Once a second says as much as once a request, and leaves room on a disk that may be full. */
  const say = (error: unknown): void => {
    if (performance.now() - said < 1000) return;
    said = performance.now();
    log.error({ error: String(error) }, "the database is unavailable");
  };
  const of =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      try {
        return await work(...args);
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        say(error);
        // A commit whose answer was lost may have been done, so nothing is claimed about that.
        throw new Refusal(
          "unavailable",
          "The database is unavailable; whether anything was changed is not known.",
          {
            retry_after: 1,
            hint: "Try again; with an idempotency key nothing is done twice.",
          },
        );
      }
    };
  return {
    of,
    dispatcher: (dispatcher) => ({ operations: dispatcher.operations, call: of(dispatcher.call) }),
    signIn: (signIn) => ({
      redeem: of(signIn.redeem),
      accept: of(signIn.accept),
      requestCode: of(signIn.requestCode),
      redeemCode: of(signIn.redeemCode),
      passkeyOptions: of(signIn.passkeyOptions),
      redeemPasskey: of(signIn.redeemPasskey),
      session: of(signIn.session),
      end: of(signIn.end),
      stepUp: {
        requestCode: of(signIn.stepUp.requestCode),
        redeemCode: of(signIn.stepUp.redeemCode),
        passkeyOptions: of(signIn.stepUp.passkeyOptions),
        redeemPasskey: of(signIn.stepUp.redeemPasskey),
      },
    }),
  };
}

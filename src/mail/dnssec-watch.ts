/** Whether the resolver validates DNSSEC, asked again and again: believed once shown, and not taken back for mere silence. */
import type { DnsResolver } from "./dns-record.ts";

/** Names with known answers under DNSSEC. */
export interface ValidationProbe {
  /** A signed name with an A record. */
  readonly signed: string;
  /** A name whose signature is broken on purpose. */
  readonly bogus: string;
}

/**
 * What one test shows. `validates`: the signed name came vouched for, and the broken one did not come. `does_not`: one of them came as
 * no validating resolver gives it. `unknown`: neither; whoever drops two names on the way brings this about, and no more.
 */
export type Validation = "validates" | "does_not" | "unknown";

/** Asks for both names once. Never throws. */
export async function testValidation(
  resolver: DnsResolver,
  probe: ValidationProbe,
): Promise<Validation> {
  try {
    const [signed, bogus] = await Promise.all([
      resolver.resolve(probe.signed, "A"),
      resolver.resolve(probe.bogus, "A"),
    ]);
    if (bogus.status === "ok") return "does_not";
    if (signed.status !== "ok") return "unknown";
    if (!signed.authenticated) return "does_not";
    return bogus.status === "servfail" ? "validates" : "unknown";
  } catch {
    return "unknown";
  }
}

/** Time, as the watch uses it. */
export interface WatchTimes {
  /** Milliseconds from a test that was answered to the next: a resolver can be changed beneath us. */
  readonly settled_ms: number;
  /** Milliseconds from a test that told nothing to the next. */
  readonly unknown_ms: number;
  /** Milliseconds for which the first answer is waited for at most. */
  readonly first_ms: number;
  /** Calls once after so many milliseconds, unless what it returned was called before. */
  readonly after: (milliseconds: number, run: () => void) => () => void;
}

export interface ValidationWatch {
  /** Whether the resolver validates, as far as is known. Waits for the first test to end, or for `first_ms` to be over. */
  validates(): Promise<boolean>;
  /** No further test; nobody waits any more. */
  stop(): void;
}

/**
 * Tests now and from time to time. The answer is no until a test has shown that the resolver validates (RFC 7672 §2.1.1: without
 * validation DANE protects nothing); from then on yes until one shows that it does not. `tell` hears what each test has shown, and what
 * holds after it.
 */
export function watchValidation(
  resolver: DnsResolver,
  probe: ValidationProbe,
  times: WatchTimes,
  tell: (shown: Validation, validates: boolean) => void,
): ValidationWatch {
  const first = Promise.withResolvers<void>();
  let validates = false;
  let stopped = false;
  const test = async (): Promise<void> => {
    const shown = await testValidation(resolver, probe);
    if (stopped) return;
    if (shown !== "unknown") validates = shown === "validates";
    first.resolve();
    tell(shown, validates);
    cancel = times.after(shown === "unknown" ? times.unknown_ms : times.settled_ms, begin);
  };
  const begin = (): void => void test();
  let cancel = (): void => undefined;
  const give_up = times.after(times.first_ms, () => first.resolve());
  begin();
  return {
    async validates() {
      await first.promise;
      return validates;
    },
    stop() {
      stopped = true;
      cancel();
      give_up();
      first.resolve();
    },
  };
}

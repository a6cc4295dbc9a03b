/** Circuit breakers for addresses that do not answer: after some failures in a row nobody dials for a while. */

interface Breaker {
  /** For whose mail it was dialled last. */
  domain: string;
  failures: number;
  /** Milliseconds since 1970; before it nobody dials. */
  until: number;
}

/** Failures in a row that open a breaker. */
const FAILURES = 3;
const FIRST_PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 600_000;
const MAX_KEPT = 10_000;

/** Breakers by key; each failure beyond the third doubles the pause, up to ten minutes. */
export class Breakers {
  readonly #now: () => Date;
  readonly #kept = new Map<string, Breaker>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Whether to dial. After a pause one caller may, and the others wait for what it finds. */
  allows(key: string): boolean {
    const breaker = this.#kept.get(key);
    if (breaker === undefined || breaker.failures < FAILURES) return true;
    const now = this.#now().getTime();
    if (now < breaker.until) return false;
    breaker.until = now + FIRST_PAUSE_MS;
    return true;
  }

  /** Before when nobody dials; null where one would. Unlike {@link allows} it takes nobody's turn. */
  avoidedUntil(key: string): Date | null {
    const breaker = this.#kept.get(key);
    if (breaker === undefined || breaker.failures < FAILURES) return null;
    return breaker.until > this.#now().getTime() ? new Date(breaker.until) : null;
  }

  /** Keys that nobody dials now, by the domain whose mail found them silent. */
  open(): Map<string, { key: string; until: Date }[]> {
    const all = new Map<string, { key: string; until: Date }[]>();
    for (const [key, { domain }] of this.#kept) {
      const until = this.avoidedUntil(key);
      if (until === null) continue;
      const same = all.get(domain);
      if (same) same.push({ key, until });
      else all.set(domain, [{ key, until }]);
    }
    return all;
  }

  failed(key: string, domain: string): void {
    const failures = (this.#kept.get(key)?.failures ?? 0) + 1;
    const pause = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, failures - FAILURES));
    this.#kept.delete(key);
    this.#kept.set(key, { domain, failures, until: this.#now().getTime() + pause });
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
  }

  answered(key: string): void {
    this.#kept.delete(key);
  }
}

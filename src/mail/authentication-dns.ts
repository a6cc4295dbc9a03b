/** Bounds on the DNS questions that one message may make us ask. */
import type { Resolver } from "./verify.ts";

/** Milliseconds. */
const DEFAULT_TIME_MS = 20_000;
const DEFAULT_LOOKUPS = 150;

/** Resolvers for one message: `policy` for what DMARC asks, `resolve` for all else. */
export interface BoundedResolver {
  readonly resolve: Resolver;
  readonly policy: Resolver;
  readonly end: () => void;
}

/**
 * The resolver with a bound of questions for all checks together, and of time; a question asked twice is asked once. What DMARC
 * asks has as much time again: the names behind SPF and the signatures are the sender's, who may well leave them unanswered, and
 * what another domain says of its mail must be heard all the same.
 */
export function boundedResolver(
  resolver: Resolver,
  options: { readonly time_ms?: number; readonly max_lookups?: number },
): BoundedResolver {
  const time = options.time_ms ?? DEFAULT_TIME_MS;
  const asked = askOnce(resolver, options.max_lookups ?? DEFAULT_LOOKUPS);
  const others = until(asked, time);
  const policy = until(asked, 2 * time);
  return {
    resolve: others.resolve,
    policy: policy.resolve,
    end() {
      others.end();
      policy.end();
    },
  };
}

/** The resolver up to a number of questions, each asked once. */
function askOnce(resolver: Resolver, limit: number): Resolver {
  const answers = new Map<string, ReturnType<Resolver>>();
  return async (name, type) => {
    const key = `${type} ${name.toLowerCase()}`;
    let answer = answers.get(key);
    if (answer === undefined) {
      if (answers.size >= limit) throw dnsError("ETIMEOUT", "too many DNS questions");
      answer = ask(resolver, name, type);
      answer.catch(() => {});
      answers.set(key, answer);
    }
    // mailauth sorts and marks what it gets.
    return structuredClone(await answer);
  };
}

/** The resolver for so many milliseconds from now. */
function until(resolver: Resolver, time: number): { resolve: Resolver; end: () => void } {
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => {});
  const timer = setTimeout(() => late.reject(dnsError("ETIMEOUT", "out of time for DNS")), time);
  return {
    async resolve(name, type) {
      const answer = resolver(name, type);
      answer.catch(() => {});
      return Promise.race([answer, late.promise]);
    },
    end: () => clearTimeout(timer),
  };
}

/** What comes back is a list or an error with a code, whatever the resolver does. */
async function ask(resolver: Resolver, name: string, type: string): ReturnType<Resolver> {
  try {
    const found = await resolver(name, type);
    if (Array.isArray(found)) return found;
  } catch (error) {
    if (error instanceof Error) throw error;
  }
  throw dnsError("EBADRESP", "the resolver gave no answer");
}

function dnsError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Whether the error says that there is no such name or record. */
export function isAbsence(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === "ENOTFOUND" || code === "ENODATA" || code === "EBADNAME";
}

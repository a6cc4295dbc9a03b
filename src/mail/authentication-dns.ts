/** Bounds on the DNS questions that one message may make us ask. */
import type { Resolver } from "./verify.ts";

/** Milliseconds. */
const DEFAULT_TIME_MS = 20_000;
const DEFAULT_LOOKUPS = 150;

/** The resolver with a bound of questions and time for all checks together; a question asked twice is asked once. */
export function boundedResolver(
  resolver: Resolver,
  options: { readonly time_ms?: number; readonly max_lookups?: number },
): { readonly resolve: Resolver; readonly end: () => void } {
  const answers = new Map<string, ReturnType<Resolver>>();
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => {});
  const timer = setTimeout(
    () => late.reject(dnsError("ETIMEOUT", "out of time for DNS")),
    options.time_ms ?? DEFAULT_TIME_MS,
  );
  const limit = options.max_lookups ?? DEFAULT_LOOKUPS;
  const resolve: Resolver = async (name, type) => {
    const key = `${type} ${name.toLowerCase()}`;
    let answer = answers.get(key);
    if (answer === undefined) {
      if (answers.size >= limit) throw dnsError("ETIMEOUT", "too many DNS questions");
      answer = ask(resolver, name, type);
      answer.catch(() => {});
      answers.set(key, answer);
    }
    // mailauth sorts and marks what it gets.
    return structuredClone(await Promise.race([answer, late.promise]));
  };
  return { resolve, end: () => clearTimeout(timer) };
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

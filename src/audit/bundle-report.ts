/** What a verification says: named checks, the verdict they lead to, and the exit code of the command line. */
import { FormatError } from "./encoding.ts";
import { ProofError } from "./tree.ts";

/** `absent`: there was nothing to check, or what it needs had failed already. */
export type CheckStatus = "pass" | "fail" | "absent";

/** One check by its stable name, with what it found in words. The words may quote the bundle: escape them. */
export type Check = { name: string; status: CheckStatus; words: string };

/**
 * `unwitnessed` only when witnesses were asked for; `erased` when all that is left holds; `unpinned` when it is consistent by
 * keys that it brought itself, so that anybody may have made it.
 */
export type Verdict = "valid" | "erased" | "invalid" | "unwitnessed" | "unpinned";

/** The result of a verification. `erased` names what was erased on the record; `as_of` is when the signed story ends, else null. */
export type BundleReport = {
  verdict: Verdict;
  exit_code: number;
  checks: Check[];
  erased: string[];
  as_of: string | null;
};

/** Exit codes by verdict (formats, section 7, and decision record 0029). */
export const exitCodeOf: Readonly<Record<Verdict, number>> = {
  valid: 0,
  unwitnessed: 10,
  unpinned: 11,
  erased: 20,
  invalid: 30,
};

/** A check that does not hold; its message is the check's words. */
export class CheckFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CheckFailure";
  }
}

/** What a check answers: words when it holds, or why there was nothing to check. It throws when it does not hold. */
export type Outcome = string | { absent: string };

/** Most faults that one check tells. */
const maxFaults = 5;

/** Throws {@link CheckFailure} when there are faults. */
export function refuse(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const more = faults.length > maxFaults ? [`and ${faults.length - maxFaults} more`] : [];
  throw new CheckFailure([...faults.slice(0, maxFaults), ...more].join("; "));
}

/** Runs one check. Only refusals of foreign bytes become a failed check; anything else is a bug and is thrown. */
export async function runCheck(
  name: string,
  check: () => Outcome | Promise<Outcome>,
): Promise<Check> {
  try {
    const outcome = await check();
    return typeof outcome === "string"
      ? { name, status: "pass", words: outcome }
      : { name, status: "absent", words: outcome.absent };
  } catch (error) {
    if (
      error instanceof CheckFailure ||
      error instanceof FormatError ||
      error instanceof ProofError
    )
      return { name, status: "fail", words: error.message };
    throw error;
  }
}

/** What a report says beside its checks. */
type Findings = {
  erased?: readonly string[];
  unwitnessed?: boolean;
  unpinned?: boolean;
  as_of?: string | null;
};

/** The report over finished checks. Failed checks outweigh unpinned keys, those erased parts, and those missing witnesses. */
export function reportOf(checks: Check[], findings: Findings = {}): BundleReport {
  const { erased = [], unwitnessed = false, unpinned = false, as_of = null } = findings;
  const verdict = verdictOf(checks, { erased, unwitnessed, unpinned });
  return { verdict, exit_code: exitCodeOf[verdict], checks, erased: [...erased], as_of };
}

function verdictOf(
  checks: readonly Check[],
  { erased, unwitnessed, unpinned }: Required<Omit<Findings, "as_of">>,
): Verdict {
  if (checks.some(({ status }) => status === "fail")) return "invalid";
  if (unpinned) return "unpinned";
  if (erased.length > 0) return "erased";
  return unwitnessed ? "unwitnessed" : "valid";
}

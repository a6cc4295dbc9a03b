/** The result of screening a received message, and the rule that failing screening means review. */

/** One rule that spoke. Scores add up; negative ones speak for the message. `detail` may quote the message, cleaned and cut. */
export interface ScreeningReason {
  rule: string;
  score: number;
  detail: string;
}

/** What screening says of a message. Prompt injection never passes, whatever the score. */
export interface Screening {
  score: number;
  verdict: "pass" | "review" | "spam";
  injection: boolean;
  reasons: ScreeningReason[];
}

/** Scores from which on a message waits for a person, and counts as spam. */
export const REVIEW_AT = 5;
export const SPAM_AT = 10;

/** Sums reasons up. `at_least` raises the verdict, never lowers it. */
export function conclude(
  reasons: ScreeningReason[],
  injection: boolean,
  atLeast: Screening["verdict"] = "pass",
): Screening {
  const score = Math.round(reasons.reduce((sum, one) => sum + one.score, 0) * 10) / 10;
  const byScore = score >= SPAM_AT ? "spam" : score >= REVIEW_AT ? "review" : "pass";
  return {
    score,
    verdict: worse(worse(byScore, atLeast), injection ? "review" : "pass"),
    injection,
    reasons: reasons.sort((a, b) => b.score - a.score),
  };
}

const order = { pass: 0, review: 1, spam: 2 };

/** The graver of two verdicts. */
export function worse(a: Screening["verdict"], b: Screening["verdict"]): Screening["verdict"] {
  return order[a] >= order[b] ? a : b;
}

/** The screening of a message that could not be screened: review, with the reason. Errors are named, not quoted. */
export function unscreened(cause: unknown): Screening {
  const name = cause instanceof Error ? cause.name : "unknown error";
  return {
    score: REVIEW_AT,
    verdict: "review",
    injection: false,
    reasons: [
      {
        rule: "screening_failed",
        score: REVIEW_AT,
        detail: `screening failed (${name}); not checked`,
      },
    ],
  };
}

/**
 * Runs a screening so that it always answers: what throws, or has not answered within `timeout_ms`, is `review`.
 * A synchronous screening cannot be interrupted; its complete answer counts, however late.
 */
export async function screenSafely(
  screen: () => Screening | Promise<Screening>,
  timeout_ms: number,
): Promise<Screening> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Screening>((resolve) => {
    timer = setTimeout(() => {
      resolve(unscreened(new DOMException("", "TimeoutError")));
    }, timeout_ms);
  });
  try {
    return await Promise.race([Promise.resolve().then(screen), late]);
  } catch (error) {
    return unscreened(error);
  } finally {
    clearTimeout(timer);
  }
}

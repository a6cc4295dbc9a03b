/** Changes that a key may ask for and a person lets through: how the need for that person travels up to the dispatcher. */
import { Refusal, type RefusalCode, type RefusalDetail } from "./refusal.ts";

/** Thrown where a key asks for a sensitive change that nobody granted; where no door knows how to ask a person, it is a plain no. */
export class ApprovalNeeded extends Refusal {
  /** What would be done, in one sentence for the person who is asked. */
  readonly summary: string;
  /** True where a person let the call through, but had read that it would do something else than it would now. */
  readonly outdated: boolean;

  constructor(
    summary: string,
    code: RefusalCode,
    message: string,
    detail: RefusalDetail = {},
    outdated = false,
  ) {
    super(code, message, detail);
    this.name = "ApprovalNeeded";
    this.summary = summary;
    this.outdated = outdated;
  }
}

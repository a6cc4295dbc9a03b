/** One seed for every property test, so that a commit passes or fails alike wherever it is run; fuzzing for news takes another. */
import fc from "fast-check";

const asked = process.env["MULTIMAIL_TEST_SEED"];

// "random" leaves fast-check its own seed of the moment, which it prints with what it finds.
if (asked !== "random") fc.configureGlobal({ seed: Number(asked ?? 20_261_121) });

/** What a terminal is shown of bytes that come in pieces. */
import { expect, test } from "vitest";
import { terminalSink } from "./byte-sink.ts";

test("a terminal gets text as it comes, and nothing that it would act on, wherever the pieces are cut", async () => {
  const whole = Buffer.from("one é\r\ntwo \u001b[2J\r\n\rend");
  for (let cut = 0; cut <= whole.length; cut++) {
    const shown: string[] = [];
    const sink = terminalSink({ write: (text) => shown.push(String(text)) > 0 });
    await sink.write(whole.subarray(0, cut));
    if (cut === 12) expect(shown.join("")).toBe("one é\ntwo ");
    await sink.write(whole.subarray(cut));
    await sink.end();
    expect(shown.join("")).toBe("one é\ntwo \ufffd[2J\n\nend");
  }
});

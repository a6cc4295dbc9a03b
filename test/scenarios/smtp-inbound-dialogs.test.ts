/** The written dialogs of test/smtp-dialogs, replayed against the inbound and submission doors. */
import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";

import { inboundDoor, replay, submissionDoor } from "./smtp-dialog.ts";

const folder = new URL("../smtp-dialogs/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".txt"));

test("there are dialogs for both doors", () => {
  expect(files.filter((name) => name.startsWith("inbound-")).length).toBeGreaterThan(10);
  expect(files.filter((name) => name.startsWith("submission-")).length).toBeGreaterThan(1);
});

async function start(file: string): Promise<Parameters<typeof replay>[1]> {
  if (file.startsWith("inbound-")) return await inboundDoor();
  return await submissionDoor({}, file.includes("from-afar") ? () => false : undefined);
}

for (const file of files) {
  const dialog = readFileSync(new URL(file, folder), "utf8");
  test(`${file}: ${dialog.slice(2, dialog.indexOf("\n"))}`, { timeout: 10_000 }, async () => {
    const running = await start(file);
    try {
      expect(await replay(dialog, running)).toBeGreaterThan(2);
    } finally {
      await running.door.close(0);
    }
  });
}

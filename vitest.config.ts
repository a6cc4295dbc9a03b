/** Vitest projects: `unit` (pure and fast) and `system` (real servers, three files at a time). */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          setupFiles: ["test/property-seed.ts"],
          include: ["src/**/*.test.ts", "test/unit/**/*.test.ts", "test/*.test.ts"],
          pool: "threads",
          isolate: false,
          // Milliseconds each, most of them; on a busy machine five seconds say nothing of the test.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "system",
          setupFiles: ["test/property-seed.ts"],
          include: ["test/{scenarios,interop,browser,simulation}/**/*.test.ts"],
          pool: "forks",
          // Servers wait for each other more than they compute; each file has its own, on ports of its own.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

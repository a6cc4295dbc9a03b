/** Vitest projects: `unit` (pure and fast) and `system` (real servers, one after another). */
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
        },
      },
      {
        test: {
          name: "system",
          setupFiles: ["test/property-seed.ts"],
          include: ["test/{scenarios,interop,browser,simulation}/**/*.test.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

/** An instance with the list of what is mounted beside its operations, as it is mounted: tests about every page cannot forget one. */
import type { Hono } from "hono";
import { vi } from "vitest";
import type * as appModule from "../../src/http/app.ts";

/** Where something other than an operation answers. */
export type Mounted = { method: string; path: string };

const routes: Mounted[] = [];

// The real door, which besides tells what was hung into it.
vi.mock("../../src/http/app.ts", async (original) => {
  const real = await original<typeof appModule>();
  return {
    ...real,
    createApp: (options: appModule.AppOptions) =>
      real.createApp({
        ...options,
        mount(app: Hono) {
          options.mount?.(app);
          for (const { method, path } of app.routes)
            // A middleware is at every path, and answers nothing.
            if (path !== "/*") routes.push({ method, path });
        },
      }),
  };
});

/** Every address, once, with its method; `ALL` is any. To be asked once an instance runs. */
export function mountedRoutes(): Mounted[] {
  return [...new Map(routes.map((one) => [`${one.method} ${one.path}`, one])).values()];
}

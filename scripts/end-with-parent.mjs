/** Loaded before a program that scripts/run.mjs starts: ends it in order when that parent was killed and can hand on no signal. */
import { isMainThread } from "node:worker_threads";

const parent = Number(process.env["MULTIMAIL_PARENT"]);
// Programs that this one starts are not children of that parent.
delete process.env["MULTIMAIL_PARENT"];

if (isMainThread && process.ppid === parent) {
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    process.kill(process.pid, "SIGTERM");
  }, 500);
  look.unref();
}

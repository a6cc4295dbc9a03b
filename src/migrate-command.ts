/** The command `multimail migrate`: the schema brought up to this release without starting the server. */
import { UsageError } from "./cli/flags.ts";
import { exitCodes } from "./cli/help.ts";
import { type LocalIo, parseLocal } from "./cli/local-io.ts";
import { safeJson } from "./cli/print.ts";
import { codes, command, configOf, openOwner } from "./data-commands.ts";
import { migrate, releaseMigrations } from "./store/migrate.ts";
import { appliedMigrations } from "./store/whole-database.ts";

const migrateHelp = `Usage: multimail migrate [--flag value …]

Brings the database's schema up to this release, as a start of the server does. Migrations only go forward: make a
backup first.

Options:
  --data <folder>  Data folder, else MULTIMAIL_DATA or ./data; DATABASE_URL is honoured
  --check          Change nothing; end with 1 where migrations are missing
  --json           Print the migrations as JSON

${codes}`;

/** `multimail migrate`. */
export function runMigrate(args: readonly string[], io: LocalIo): Promise<number> {
  return command(io, async () => {
    const { values } = parseLocal(
      args,
      {
        data: { type: "string" },
        check: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
      0,
    );
    if (values.help) {
      io.stdout.write(migrateHelp);
      return exitCodes.ok;
    }
    const owner = await openOwner(configOf(io, values.data));
    try {
      const before = await appliedMigrations(owner.connection);
      const missing = (await releaseMigrations()).filter((name) => !before.includes(name));
      if (missing.length > 0 && !values.check && owner.running)
        throw new UsageError(
          "A server of another release runs on this data.",
          "Stop it, then migrate or start this release.",
        );
      const applied = values.check ? [] : await migrate(owner.connection);
      if (values.json)
        io.stdout.write(`${safeJson({ applied, missing: values.check ? missing : [] })}\n`);
      else if (missing.length === 0) io.stdout.write("The schema is up to date.\n");
      else io.stdout.write(`${values.check ? "Missing" : "Applied"}: ${missing.join(", ")}\n`);
      return values.check === true && missing.length > 0 ? exitCodes.refused : exitCodes.ok;
    } finally {
      await owner.close();
    }
  });
}

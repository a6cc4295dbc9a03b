/** The comparison of engine and machine would notice: writes of the engine that are bent on their way are caught within random lives. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { Simulation } from "./engine-simulation.ts";
import { type World, openWorld } from "./engine-world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() =>
  world.sql(
    `DROP FUNCTION IF EXISTS planted() CASCADE; DELETE FROM due; DELETE FROM suppression;
     UPDATE operator SET stopped_at = NULL; UPDATE allowlist_entry SET pattern = '*@friends.example'`,
  ),
);

/** Steps within which each fault is met many times; the lives are the same at every run. */
const steps = 1500;
const seed = 20_300_102;

/** Bends what the engine writes. */
const plant = (when: string, body: string): Promise<void> =>
  world.sql(
    `CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$;
     CREATE TRIGGER aa_planted BEFORE ${when} FOR EACH ROW EXECUTE FUNCTION planted()`,
  );

it("without a fault the lives go on", async () => {
  const simulation = new Simulation(world, seed);
  await simulation.run(steps);
  expect(simulation.steps).toBeGreaterThanOrEqual(steps);
});

it.each([
  [
    "one vote of a quorum lets a message go",
    "UPDATE ON message",
    `IF OLD.status = 'pending_approval' AND NEW.status = 'pending_approval' AND NEW.required > 1 THEN
       NEW.status := 'queued';
     END IF;
     RETURN NEW;`,
  ],
  [
    "a rejection is not kept",
    "UPDATE ON message",
    "IF NEW.status = 'rejected' THEN NEW.status := OLD.status; END IF; RETURN NEW;",
  ],
  [
    "an approval is not kept",
    "INSERT ON decision",
    "IF NEW.decision = 'approve' THEN RETURN NULL; END IF; RETURN NEW;",
  ],
  [
    "what is decided, cancelled or over stays in the queue",
    "DELETE ON due",
    "IF OLD.kind = 'expire' THEN RETURN NULL; END IF; RETURN OLD;",
  ],
])("%s: caught", async (_, when, body) => {
  await plant(when, body);
  const simulation = new Simulation(world, seed);
  // It is the comparison that says so, and nothing that breaks on the way.
  await expect(simulation.run(steps)).rejects.toMatchObject({ name: "AssertionError" });
  expect(simulation.steps).toBeLessThan(steps);
});

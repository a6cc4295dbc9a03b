/** What a subscription means, and in which spelling it is told. */
import { expect, test } from "vitest";
import { eventNames, eventTypes, ownSpelling, spellingFor, typesOf } from "./event-types.ts";

test("each subscriber is told in the spelling that it asked for first", () => {
  expect(spellingFor(["email.received"], "message.received")).toBe("email.received");
  expect(spellingFor(["message.received"], "message.received")).toBe("message.received");
  expect(spellingFor(["message.*", "email.received"], "message.received")).toBe("message.received");
  expect(spellingFor(["email.received", "message.*"], "message.received")).toBe("email.received");
  expect(spellingFor(["email.received", "message.*"], "message.sent")).toBe("message.sent");
  expect(spellingFor(["email.pending_approval"], "oversight.pending")).toBe(
    "email.pending_approval",
  );
  expect(spellingFor(["email.*"], "oversight.pending")).toBe("email.pending_approval");
  expect(spellingFor(["*"], "oversight.pending")).toBe("oversight.pending");
});

test("what was not asked for is not told", () => {
  expect(spellingFor(["message.received"], "message.sent")).toBeNull();
  expect(spellingFor(["message.*"], "oversight.pending")).toBeNull();
  expect(spellingFor(["email.*"], "message.sent")).toBeNull();
  expect(spellingFor([], "message.sent")).toBeNull();
});

test("every type can be asked for by its name, and by the name of its family", () => {
  for (const type of eventTypes) {
    expect(eventNames.has(type)).toBe(true);
    expect(typesOf([type])).toEqual([type]);
    expect(typesOf([`${type.split(".")[0]}.*`])).toContain(type);
    expect(ownSpelling(type)).toBe(type);
  }
  expect(typesOf(["email.*"])).toEqual(["message.received", "oversight.pending"]);
  expect(typesOf(["*"]).length).toBe(eventTypes.length + 1);
  expect(ownSpelling("email.received")).toBe("message.received");
  expect(eventNames.has("email.sent")).toBe(false);
});

/-
Prints the oversight vectors of `test/vectors/oversight/` from the machine of `Multimail/Machine.lean`: the loops of
`scripts/vector-tables.ts` and `scripts/vector-traces.ts`, in their order and form, byte for byte.

`lean --run Vectors.lean NAME...` prints the tables of these names; without a name it prints the names.
-/
import Multimail.Machine

namespace Multimail.Vectors

open Multimail

abbrev Case := Message String × Event String

/-- A loop over a list: what `f` gives for each. Folds from the left, so that long tables need no deep stack. -/
def each {α β : Type} (list : List α) (f : α → List β) : List β :=
  (list.foldl (fun found x => (f x).foldl (fun found y => y :: found) found) []).reverse

def then_ {α : Type} (first second : List α) : List α := each [first, second] (fun list => list)

def join (separator : String) : List String → String
  | [] => ""
  | x :: rest => rest.foldl (fun text y => text ++ separator ++ y) x

def atPlace {α : Type} (fallback : α) : List α → Nat → α
  | [], _ => fallback
  | x :: _, Nat.zero => x
  | _ :: rest, Nat.succ n => atPlace fallback rest n

def many {α : Type} (item : α) : Nat → List α
  | Nat.zero => []
  | Nat.succ n => item :: many item n

/-! ## Words -/

def flagText (flag : Bool) : String := if flag then "1" else "0"

def modeText : Mode → String
  | Mode.read_only => "read_only"
  | Mode.gated_all => "gated_all"
  | Mode.gated_send => "gated_send"
  | Mode.monitored => "monitored"
  | Mode.autonomous => "autonomous"

def statusText : Status → String
  | Status.draft => "draft"
  | Status.pending_scan => "pending_scan"
  | Status.pending_approval => "pending_approval"
  | Status.scheduled => "scheduled"
  | Status.queued => "queued"
  | Status.sending => "sending"
  | Status.sent => "sent"
  | Status.delivered => "delivered"
  | Status.blocked => "blocked"
  | Status.rejected => "rejected"
  | Status.cancelled => "cancelled"
  | Status.expired => "expired"
  | Status.suppressed => "suppressed"
  | Status.send_failed => "send_failed"
  | Status.bounced => "bounced"
  | Status.sandboxed => "sandboxed"

def timingText : GateTiming → String
  | GateTiming.gate_first => "gate_first"
  | GateTiming.schedule_first => "schedule_first"

def classText : DecisionClass → String
  | DecisionClass.A => "A"
  | DecisionClass.B => "B"
  | DecisionClass.C => "C"

def verdictText : Verdict → String
  | Verdict.pass => "pass"
  | Verdict.review => "review"
  | Verdict.block => "block"

def refusalText : Refusal → String
  | Refusal.mode_forbids_send => "mode_forbids_send"
  | Refusal.not_in_scan => "not_in_scan"
  | Refusal.not_pending => "not_pending"
  | Refusal.self_approval => "self_approval"
  | Refusal.stale_digest => "stale_digest"
  | Refusal.passkey_required => "passkey_required"
  | Refusal.already_decided => "already_decided"
  | Refusal.not_editable => "not_editable"
  | Refusal.not_scheduled => "not_scheduled"
  | Refusal.not_cancellable => "not_cancellable"
  | Refusal.not_queued => "not_queued"
  | Refusal.digest_mismatch => "digest_mismatch"
  | Refusal.operator_stopped => "operator_stopped"
  | Refusal.quota_exceeded => "quota_exceeded"
  | Refusal.not_sending => "not_sending"

/-! ## Form (`vector-format.ts`) -/

def listText (items : List String) : String :=
  match items with
  | [] => "-"
  | x :: rest => join "," (x :: rest)

def approvalText (a : Approval String) : String := join ":" [a.who, a.digest, classText a.proof]

/-- The columns of a message but its status, each with its name. -/
def otherFields (m : Message String) : List (String × String) :=
  [("mode", modeText m.mode), ("test", flagText m.test), ("gated", flagText m.gated), ("handed", flagText m.handed),
   ("required", toString m.required), ("passkey", flagText m.passkey), ("timing", timingText m.timing),
   ("authors", listText m.authors), ("digest", m.digest), ("approvals", listText (m.approvals.map approvalText))]

def messageColumns : List String :=
  ["status", "mode", "test", "gated", "handed", "required", "passkey", "timing", "authors", "digest", "approvals"]

def messageText (m : Message String) : String :=
  join "\t" (statusText m.status :: (otherFields m).map (fun field => field.2))

def header : String := join "\t" (messageColumns ++ ["event", "arguments", "answer"])

def word (key value : String) : String := key ++ "=" ++ value

def eventWords : Event String → String × List String
  | Event.scan verdict allowlisted wait =>
    ("scan", [word "verdict" (verdictText verdict), word "allowlisted" (flagText allowlisted), word "wait" (flagText wait)])
  | Event.approve who digest proof wait =>
    ("approve", [word "by" who, word "digest" digest, word "class" (classText proof), word "wait" (flagText wait)])
  | Event.reject who digest => ("reject", [word "by" who, word "digest" digest])
  | Event.revise who digest => ("revise", [word "by" who, word "digest" digest])
  | Event.edit who digest => ("edit", [word "by" who, word "digest" digest])
  | Event.resubmit who mode => ("resubmit", [word "by" who, word "mode" (modeText mode)])
  | Event.undo => ("undo", [])
  | Event.cancel => ("cancel", [])
  | Event.expire => ("expire", [])
  | Event.release => ("release", [])
  | Event.hand_off now =>
    ("hand_off",
      [word "mode" (modeText now.mode), word "allowlisted" (flagText now.allowlisted),
       word "verdict" (verdictText now.verdict), word "required" (toString now.required),
       word "passkey" (flagText now.passkey), word "stopped" (flagText now.stopped),
       word "suppressed" (flagText now.suppressed), word "over_quota" (flagText now.over_quota),
       word "digest" now.digest])
  | Event.accepted => ("accepted", [])
  | Event.delivered => ("delivered", [])
  | Event.deferred => ("deferred", [])
  | Event.lost => ("lost", [])
  | Event.failed => ("failed", [])
  | Event.bounced => ("bounced", [])

def eventText (e : Event String) : String :=
  let words := eventWords e
  words.1 ++ "\t" ++ (match words.2 with
    | [] => "-"
    | x :: rest => join " " (x :: rest))

def changes : List (String × String) → List (String × String) → List String
  | (name, old) :: before, (_, new_) :: now =>
    if old = new_ then changes before now else word name new_ :: changes before now
  | _, _ => []

def answerText (m : Message String) : Step String → String
  | Except.error refusal => "no " ++ refusalText refusal
  | Except.ok m' => join " " (statusText m'.status :: changes (otherFields m) (otherFields m'))

def rowText (m : Message String) (e : Event String) : String :=
  messageText m ++ "\t" ++ eventText e ++ "\t" ++ answerText m (step m e)

/-! ## Tables (`vector-tables.ts`) -/

def modes : List Mode := [Mode.read_only, Mode.gated_all, Mode.gated_send, Mode.monitored, Mode.autonomous]

def statuses : List Status :=
  [Status.draft, Status.pending_scan, Status.pending_approval, Status.scheduled, Status.queued, Status.sending,
   Status.sent, Status.delivered, Status.blocked, Status.rejected, Status.cancelled, Status.expired, Status.suppressed,
   Status.send_failed, Status.bounced, Status.sandboxed]

def timings : List GateTiming := [GateTiming.gate_first, GateTiming.schedule_first]
def classes : List DecisionClass := [DecisionClass.A, DecisionClass.B, DecisionClass.C]
def verdicts : List Verdict := [Verdict.pass, Verdict.review, Verdict.block]
def flags : List Bool := [false, true]

def base : Message String :=
  { status := Status.pending_approval, mode := Mode.gated_send, test := false, authors := ["a"], digest := "d",
    approvals := [], required := 1, passkey := false, timing := GateTiming.gate_first, gated := true, handed := false }

structure Gate where
  authors : List String
  approvals : List (Approval String)
  required : Nat
  passkey : Bool

def withGate (m : Message String) (gate : Gate) : Message String :=
  { m with authors := gate.authors, approvals := gate.approvals, required := gate.required, passkey := gate.passkey }

def approval (who digest : String) (proof : DecisionClass) : Approval String :=
  { who := who, digest := digest, proof := proof }

def given2 : List (List String) := [[], ["d"]]
def given3 : List (List String) := [[], ["d"], ["e"]]
def given5 : List (List String) := [[], ["d"], ["e"], ["d", "d"], ["e", "d"]]

def byAll (who : String) (digests : List String) : List (Approval String) :=
  digests.map (fun digest => approval who digest DecisionClass.B)

def authorLists : List (List String) := [["a"], ["a", "p"]]

def proofs : List (List DecisionClass) :=
  [[], [DecisionClass.B], [DecisionClass.C], [DecisionClass.A], [DecisionClass.B, DecisionClass.A]]

def strengths : List Gate :=
  each flags fun passkey => each authorLists fun authors => each [1, 2] fun required => each proofs fun byP =>
    each [[], [DecisionClass.B], [DecisionClass.A]] fun byQ =>
      [{ authors := authors, required := required, passkey := passkey,
         approvals := byP.map (approval "p" "d") ++ byQ.map (approval "q" "d") }]

def gateRows : List Gate :=
  (each authorLists fun authors => each [1, 2, 3] fun required => each given2 fun byAuthor => each given5 fun byP =>
    each given3 fun byQ => each given3 fun byR =>
      [{ authors := authors, required := required, passkey := false,
         approvals := byAll "a" byAuthor ++ byAll "p" byP ++ byAll "q" byQ ++ byAll "r" byR }])
  ++ strengths

/-- Quorum not reached and reached, once each way for one and for two, by nobody who is an author. -/
def reached : List (Nat × List (Approval String)) :=
  [(1, []), (1, byAll "p" ["d"]), (2, byAll "p" ["d"]), (2, byAll "p" ["d"] ++ byAll "q" ["d"])]

def others (status : Status) : List Status :=
  each statuses fun other => if other = status then [] else [other]

def scanCases : List Case :=
  each statuses fun status => each modes fun mode => each timings fun timing => each verdicts fun verdict =>
    each flags fun allowlisted => each flags fun wait =>
      [({ base with status := status, mode := mode, timing := timing, gated := false },
        Event.scan verdict allowlisted wait)]

def approveCases : List Case :=
  then_ (each ["a", "p", "s"] fun who => each gateRows fun gate => add (withGate base gate) who)
    (each (others Status.pending_approval) fun status => each ["a", "p"] fun who =>
    add { base with status := status } who)
where
  add (m : Message String) (who : String) : List Case :=
    each ["d", "e"] fun digest => each (if m.passkey then classes else [DecisionClass.B]) fun proof =>
      each flags fun wait => [(m, Event.approve who digest proof wait)]

def refuseCases (event : String → String → Event String) : List Case :=
  each statuses fun status => each ["a", "p", "s"] fun who => each ["d", "e"] fun digest =>
    each authorLists fun authors => each reached fun quorum =>
      [({ base with status := status, authors := authors, required := quorum.1, approvals := quorum.2 },
        event who digest)]

def editCases : List Case :=
  each statuses fun status => each flags fun handed => each flags fun gated => each reached fun quorum =>
    each ["a", "s"] fun who => each ["d", "f"] fun digest =>
      [({ base with status := status, handed := handed, gated := gated, required := quorum.1, approvals := quorum.2 },
        Event.edit who digest)]

def resubmitCases : List Case :=
  each statuses fun status => each modes fun mode => each modes fun now => each ["a", "s"] fun who =>
    each (if status = Status.draft then flags else [true]) fun gated =>
      [({ base with status := status, mode := mode, gated := gated }, Event.resubmit who now)]

def scheduledCases (event : Event String) : List Case :=
  each flags fun gated =>
    (each gateRows fun gate =>
      [({ withGate base gate with status := Status.scheduled, gated := gated }, event)])
    ++ (each (others Status.scheduled) fun status => each reached fun quorum =>
      [({ base with required := quorum.1, approvals := quorum.2, status := status, gated := gated }, event)])

def plainCases (events : List (Event String)) : List Case :=
  each events fun event => each statuses fun status => each flags fun handed =>
    [({ base with status := status, handed := handed }, event)]

def openHandOff : HandOff String :=
  { mode := Mode.autonomous, allowlisted := true, verdict := Verdict.pass, required := 1, passkey := false,
    stopped := false, suppressed := false, over_quota := false, digest := "d" }

def handOffSwitches : List Case :=
  each modes fun mode => each modes fun now => each flags fun allowlisted => each flags fun gated =>
    each reached fun quorum => each flags fun suppressed => each flags fun test => each flags fun overQuota =>
      [({ base with required := quorum.1, approvals := quorum.2, status := Status.queued, mode := mode, gated := gated,
                    test := test },
        Event.hand_off { openHandOff with mode := now, allowlisted := allowlisted, suppressed := suppressed,
                                          over_quota := overQuota })]

def handOffGates : List Case :=
  then_ (each gateRows fun gate =>
    [({ withGate base gate with status := Status.queued, mode := Mode.gated_all }, Event.hand_off openHandOff)])
    (each statuses fun status => each ["d", "e"] fun digest => each flags fun stopped => each reached fun quorum =>
    each flags fun handed =>
      [({ base with required := quorum.1, approvals := quorum.2, status := status, handed := handed },
        Event.hand_off { openHandOff with digest := digest, stopped := stopped })])

def handOffDemands : List Case :=
  each flags fun allowlisted => each flags fun gated => each verdicts fun verdict => each [1, 2] fun required =>
    each flags fun passkey => each strengths fun gate =>
      if gate.authors = ["a"] then
        [({ withGate base gate with status := Status.queued, gated := gated },
          Event.hand_off { openHandOff with allowlisted := allowlisted, verdict := verdict, required := required,
                                            passkey := passkey })]
      else []

def rows (cases : List Case) : List String := each cases (fun one => [rowText one.1 one.2])

/-! ## Submission (`generate-vectors.ts`) -/

def submitHeader : String :=
  join "\t" (["mode", "test", "required", "passkey", "timing", "authors", "digest", "answer"] ++ messageColumns)

def submitRows : List String :=
  each modes fun mode => each flags fun test => each [1, 2, 3] fun required => each flags fun passkey =>
    each timings fun timing =>
      let asked := [modeText mode, flagText test, toString required, flagText passkey, timingText timing, "a", "d"]
      let begun := submit { mode := mode, test := test, authors := ["a"], digest := "d", required := required,
                            passkey := passkey, timing := timing : Submission String }
      match begun with
      | Except.ok m => [join "\t" (asked ++ ["ok", messageText m])]
      | Except.error refusal => [join "\t" (asked ++ ["no " ++ refusalText refusal] ++ messageColumns.map (fun _ => "-"))]

/-! ## Traces (`vector-traces.ts`) -/

abbrev Draw := StateM UInt32

/-- The next 32 bits of Mulberry32. -/
def next : Draw UInt32 := do
  let state := (← get) + 0x6d2b79f5
  set state
  let mixed := (state ^^^ (state >>> 15)) * (1 ||| state)
  let mixed := (mixed + (mixed ^^^ (mixed >>> 7)) * (61 ||| mixed)) ^^^ mixed
  return mixed ^^^ (mixed >>> 14)

/-- One of a list: the fraction of 2³² times its length, rounded down. -/
def oneOf {α : Type} (fallback : α) (list : List α) : Draw α := do
  let bits ← next
  return atPlace fallback list (bits.toNat * list.length / 4294967296)

/-- True with a chance in hundredths. -/
def chance (hundredths : Nat) : Draw Bool := do
  let bits ← next
  return decide (bits.toNat * 100 < hundredths * 4294967296)

def fitting : Status → List String
  | Status.draft => ["edit", "resubmit", "resubmit"]
  | Status.pending_scan => ["scan"]
  | Status.pending_approval => many "approve" 12 ++ ["edit", "edit", "revise", "reject", "expire"]
  | Status.scheduled => many "release" 3 ++ ["undo", "undo", "edit", "cancel"]
  | Status.queued => many "hand_off" 9 ++ ["accepted", "cancel"]
  | Status.sending => many "deferred" 4 ++ ["lost", "accepted", "delivered", "failed", "bounced"]
  | Status.sent => ["delivered", "bounced"]
  | Status.delivered => ["bounced"]
  | _ => []

def allTypes : List String :=
  ["scan", "approve", "reject", "revise", "edit", "resubmit", "undo", "cancel", "expire", "release", "hand_off",
   "accepted", "delivered", "deferred", "lost", "failed", "bounced"]

def typesFor (status : Status) : List String :=
  match fitting status with
  | [] => allTypes
  | x :: rest => x :: rest

def drawHandOff (m : Message String) (digest : String) : Draw (Event String) := do
  let mode ← (do if (← chance 70) then return m.mode else oneOf Mode.read_only modes : Draw Mode)
  let allowlisted ← chance 70
  let verdict ← oneOf Verdict.pass (many Verdict.pass 12 ++ [Verdict.review, Verdict.block])
  let required ← oneOf 1 [1, 1, 1, 2]
  let passkey ← chance 10
  let stopped ← chance 5
  let suppressed ← chance 5
  let overQuota ← chance 5
  return Event.hand_off
    { mode := mode, allowlisted := allowlisted, verdict := verdict, required := required, passkey := passkey,
      stopped := stopped, suppressed := suppressed, over_quota := overQuota, digest := digest }

def drawScan : Draw (Event String) := do
  let verdict ← oneOf Verdict.pass (many Verdict.pass 4 ++ [Verdict.review, Verdict.review, Verdict.block])
  let allowlisted ← chance 50
  let wait ← chance 40
  return Event.scan verdict allowlisted wait

def drawEvent (m : Message String) (fresh : String) : Draw (Event String) := do
  let isFitting ← chance 85
  let type ← oneOf "scan" (if isFitting then typesFor m.status else allTypes)
  let isPresent ← chance 90
  let digest := if isPresent then m.digest else "d0"
  let decider ← oneOf "p" ["p", "q", "r", "p", "q", "r", "a"]
  match type with
  | "scan" => drawScan
  | "approve" =>
    let proof ← oneOf DecisionClass.A [DecisionClass.A, DecisionClass.A, DecisionClass.B, DecisionClass.C]
    let wait ← chance 40
    return Event.approve decider digest proof wait
  | "reject" => return Event.reject decider digest
  | "revise" => return Event.revise decider digest
  | "edit" =>
    let who ← oneOf "a" ["a", "b", "p"]
    return Event.edit who fresh
  | "resubmit" =>
    let who ← oneOf "a" ["a", "b"]
    let mode ← oneOf Mode.read_only modes
    return Event.resubmit who mode
  | "hand_off" => drawHandOff m digest
  | "undo" => return Event.undo
  | "cancel" => return Event.cancel
  | "expire" => return Event.expire
  | "release" => return Event.release
  | "accepted" => return Event.accepted
  | "delivered" => return Event.delivered
  | "deferred" => return Event.deferred
  | "lost" => return Event.lost
  | "failed" => return Event.failed
  | _ => return Event.bounced

def longest : Nat := 24

def afterAnswer (m : Message String) : Step String → Message String
  | Except.ok m' => m'
  | Except.error _ => m

/-- Steps `n` to `longest` of a life, of which at most `fuel` are left. An end is shown by two or three more steps. -/
def life (trace : Nat) : Nat → Nat → Message String → Draw (List String)
  | Nat.zero, _, _ => return []
  | Nat.succ fuel, n, m => do
    if longest < n then return []
    else
      let event ← drawEvent m ("d" ++ toString (n + 1))
      let row := toString trace ++ "\t" ++ toString n ++ "\t" ++ rowText m event
      let m' := afterAnswer m (step m event)
      let isOver := match fitting m'.status with
        | [] => true
        | _ => false
      let rest ← life trace fuel (if isOver && decide (n < longest - 2) then longest - 2 else n + 1) m'
      return row :: rest

def trace (number : Nat) : Draw (List String) := do
  let mode ← oneOf Mode.gated_all [Mode.gated_all, Mode.gated_send, Mode.monitored, Mode.autonomous]
  let test ← chance 10
  let required ← oneOf 1 [1, 1, 2, 3]
  let passkey ← chance 30
  let timing ← oneOf GateTiming.gate_first timings
  match submit { mode := mode, test := test, authors := ["a"], digest := "d1", required := required, passkey := passkey,
                 timing := timing : Submission String } with
  | Except.ok m => life number longest 1 m
  | Except.error _ => return []

/-- The numbers 1 to `n`. -/
def numbers : Nat → List Nat
  | Nat.zero => []
  | Nat.succ n => then_ (numbers n) [n + 1]

def traceRows : List String :=
  each (numbers 200) fun number => (Id.run (StateT.run (trace number) (UInt32.ofNat number))).1

/-! ## Files -/

def table (name : String) : Option (String × List String) :=
  match name with
  | "submit" => some (submitHeader, submitRows)
  | "scan" => some (header, rows scanCases)
  | "approve" => some (header, rows approveCases)
  | "reject-revise" => some (header, rows (then_ (refuseCases Event.reject) (refuseCases Event.revise)))
  | "edit" => some (header, rows editCases)
  | "resubmit" => some (header, rows resubmitCases)
  | "undo-release" => some (header, rows (then_ (scheduledCases Event.undo) (scheduledCases Event.release)))
  | "cancel-expire" => some (header, rows (plainCases [Event.cancel, Event.expire]))
  | "hand-off-switches" => some (header, rows handOffSwitches)
  | "hand-off-gates" => some (header, rows handOffGates)
  | "hand-off-demands" => some (header, rows handOffDemands)
  | "results" =>
    some (header, rows (plainCases
      [Event.accepted, Event.delivered, Event.deferred, Event.lost, Event.failed, Event.bounced]))
  | "traces" => some ("trace\tstep\t" ++ header, traceRows)
  | _ => none

def names : List String :=
  ["submit", "scan", "approve", "reject-revise", "edit", "resubmit", "undo-release", "cancel-expire",
   "hand-off-switches", "hand-off-gates", "hand-off-demands", "results", "traces"]

end Multimail.Vectors

/-- Prints the tables of these names, one after the other. -/
def printTables : List String → IO UInt32
  | [] => return 0
  | name :: rest =>
    match Multimail.Vectors.table name with
    | some (first, rows) => do
      IO.print (Multimail.Vectors.join "\n" (first :: rows) ++ "\n")
      printTables rest
    | none => do
      IO.eprintln ("no table is called " ++ name)
      return 1

def main (arguments : List String) : IO UInt32 :=
  match arguments with
  | [] => do
    IO.println (Multimail.Vectors.join "\n" Multimail.Vectors.names)
    return 0
  | names => printTables names

/-
The oversight machine: what `src/core/oversight/types.ts`, `mode.ts` and `machine.ts` say, name for name.

Only core Lean is used, and of it only what has stayed the same since its first years, so that the
files do not hang on one release. Lists, order and membership are therefore spelled out here instead of taken from the library.

Names that Lean reserves are different: `by` is `who`, `class` is `proof`, `decide` is `decision`.
-/

namespace Multimail

/-! ## Lists -/

/-- `x` is in the list, as `Array.includes` says it. -/
def includes {α : Type} [DecidableEq α] (x : α) : List α → Bool
  | [] => false
  | y :: rest => if x = y then true else includes x rest

/-- The list with one more at its end. -/
def snoc {α : Type} : List α → α → List α
  | [], x => [x]
  | y :: rest, x => y :: snoc rest x

/-- How many stand in the list. -/
def size {α : Type} : List α → Nat
  | [] => 0
  | _ :: rest => size rest + 1

/-- The greater of two numbers. -/
def greater (a b : Nat) : Nat := if Nat.ble a b then b else a

/-! ## Vocabulary (`types.ts`) -/

inductive Mode where
  | read_only
  | gated_all
  | gated_send
  | monitored
  | autonomous
  deriving DecidableEq

inductive Status where
  | draft
  | pending_scan
  | pending_approval
  | scheduled
  | queued
  | sending
  | sent
  | delivered
  | blocked
  | rejected
  | cancelled
  | expired
  | suppressed
  | send_failed
  | bounced
  | sandboxed
  deriving DecidableEq

/-- States that nothing leaves, whatever happens. -/
def absorbing : Status → Bool
  | Status.blocked => true
  | Status.rejected => true
  | Status.cancelled => true
  | Status.expired => true
  | Status.suppressed => true
  | Status.send_failed => true
  | Status.bounced => true
  | Status.sandboxed => true
  | _ => false

inductive GateTiming where
  | gate_first
  | schedule_first
  deriving DecidableEq

/-- How strongly a decision is proved: A a passkey, B the service vouches, C the operator asserts. -/
inductive DecisionClass where
  | A
  | B
  | C
  deriving DecidableEq

/-- One principal's yes to one digest. Principals and digests are names of any type `N` that knows equal from unequal. -/
structure Approval (N : Type) where
  who : N
  digest : N
  proof : DecisionClass

structure Message (N : Type) where
  status : Status
  /-- The mailbox's mode when the message was submitted. -/
  mode : Mode
  test : Bool
  authors : List N
  digest : N
  approvals : List (Approval N)
  required : Nat
  passkey : Bool
  timing : GateTiming
  gated : Bool
  handed : Bool

inductive Verdict where
  | pass
  | review
  | block
  deriving DecidableEq

/-- What is asked and known at the moment of hand-off. -/
structure HandOff (N : Type) where
  /-- The mailbox's mode now. -/
  mode : Mode
  allowlisted : Bool
  verdict : Verdict
  required : Nat
  passkey : Bool
  /-- The operator's kill switch. -/
  stopped : Bool
  suppressed : Bool
  over_quota : Bool
  /-- The digest of the exact bytes about to be sent. -/
  digest : N

inductive Event (N : Type) where
  | scan (verdict : Verdict) (allowlisted wait : Bool)
  | approve (who digest : N) (proof : DecisionClass) (wait : Bool)
  | reject (who digest : N)
  | revise (who digest : N)
  | edit (who digest : N)
  | resubmit (who : N) (mode : Mode)
  | undo
  | cancel
  | expire
  | release
  | hand_off (now : HandOff N)
  | accepted
  | delivered
  | deferred
  | lost
  | failed
  | bounced

/-- The refusals that the machine gives. -/
inductive Refusal where
  | mode_forbids_send
  | not_in_scan
  | not_pending
  | self_approval
  | stale_digest
  | passkey_required
  | already_decided
  | not_editable
  | not_scheduled
  | not_cancellable
  | not_queued
  | digest_mismatch
  | operator_stopped
  | quota_exceeded
  | not_sending

/-- The machine's answer: the next state, or why not. -/
abbrev Step (N : Type) := Except Refusal (Message N)

/-! ## Modes (`mode.ts`) -/

/-- Place in the order of autonomy. -/
def autonomy : Mode → Nat
  | Mode.read_only => 0
  | Mode.gated_all => 1
  | Mode.gated_send => 2
  | Mode.monitored => 3
  | Mode.autonomous => 4

/-- The one of two modes that allows less. -/
def stricter (a b : Mode) : Mode := if Nat.ble (autonomy a) (autonomy b) then a else b

/-- True when outbound mail may be submitted at all. -/
def maySubmit : Mode → Bool
  | Mode.read_only => false
  | _ => true

/-- True when mail of this mode waits for a decision. -/
def gates : Mode → Bool → Bool
  | Mode.read_only, _ => true
  | Mode.gated_all, _ => true
  | Mode.gated_send, allowlisted => !allowlisted
  | Mode.monitored, _ => false
  | Mode.autonomous, _ => false

/-! ## The machine (`machine.ts`) -/

section
variable {N : Type} [DecidableEq N]

def no {N : Type} (refusal : Refusal) : Step N := Except.error refusal

/-- The message in another status. -/
def inStatus {N : Type} (m : Message N) (status : Status) : Message N := { m with status := status }

def to {N : Type} (m : Message N) (status : Status) : Step N := Except.ok (inStatus m status)

/-- What a new message needs to be submitted. -/
structure Submission (N : Type) where
  mode : Mode
  test : Bool
  authors : List N
  digest : N
  required : Nat
  passkey : Bool
  timing : GateTiming

def submit {N : Type} (s : Submission N) : Step N :=
  if maySubmit s.mode = false then no Refusal.mode_forbids_send
  else Except.ok
    { status := Status.pending_scan, mode := s.mode, test := s.test, authors := s.authors, digest := s.digest,
      approvals := [], required := s.required, passkey := s.passkey, timing := s.timing, gated := false,
      handed := false }

/-- An approval of this class is as strong as is asked for. -/
def isStrong (passkey : Bool) (proof : DecisionClass) : Bool :=
  if passkey = true ∧ proof ≠ DecisionClass.A then false else true

/-- The approval counts: exactly this digest, strong enough, by nobody who wrote or edited the message. -/
def counts (passkey : Bool) (authors : List N) (digest : N) (a : Approval N) : Bool :=
  if a.digest = digest ∧ isStrong passkey a.proof = true ∧ includes a.who authors = false then true else false

/-- Each principal once whose approval counts. -/
def approvers (passkey : Bool) (authors : List N) (digest : N) : List (Approval N) → List N
  | [] => []
  | a :: rest =>
    if counts passkey authors digest a = true ∧ includes a.who (approvers passkey authors digest rest) = false
    then a.who :: approvers passkey authors digest rest
    else approvers passkey authors digest rest

def countApprovals (m : Message N) (digest : N) : Nat :=
  size (approvers m.passkey m.authors digest m.approvals)

/-- The approvals of the message's own digest reach its quorum. -/
def isApproved (m : Message N) : Bool := Nat.ble m.required (countApprovals m m.digest)

def scan (m : Message N) (verdict : Verdict) (allowlisted wait : Bool) : Step N :=
  if m.status ≠ Status.pending_scan then no Refusal.not_in_scan
  else if verdict = Verdict.block ∨ maySubmit m.mode = false then to m Status.blocked
  else if gates m.mode allowlisted = true ∨ verdict = Verdict.review then
    if m.timing = GateTiming.schedule_first ∧ wait = true then to { m with gated := true } Status.scheduled
    else to { m with gated := true } Status.pending_approval
  else to { m with gated := false } (if wait then Status.scheduled else Status.queued)

/-- `who` has approved already, as strongly as is asked for. -/
def hasDecided (m : Message N) (who : N) : List (Approval N) → Bool
  | [] => false
  | a :: rest => if a.who = who ∧ isStrong m.passkey a.proof = true then true else hasDecided m who rest

/-- The message with one approval more. -/
def withApproval (m : Message N) (who digest : N) (proof : DecisionClass) : Message N :=
  { m with approvals := snoc m.approvals { who := who, digest := digest, proof := proof } }

/-- The last third of `decide`: an approval that is neither by an author nor of other content. -/
def approve (m : Message N) (who digest : N) (proof : DecisionClass) (wait : Bool) : Step N :=
  if isStrong m.passkey proof = false then no Refusal.passkey_required
  else if hasDecided m who m.approvals = true then no Refusal.already_decided
  else if isApproved (withApproval m who digest proof) = false then
    to (withApproval m who digest proof) Status.pending_approval
  else to (withApproval m who digest proof) (if wait then Status.scheduled else Status.queued)

inductive Decision where
  | approve (proof : DecisionClass) (wait : Bool)
  | reject
  | revise

/-- What a decision that can be made comes to. -/
def decided (m : Message N) (who digest : N) : Decision → Step N
  | Decision.reject => to m Status.rejected
  | Decision.revise => to { m with approvals := [] } Status.draft
  | Decision.approve proof wait => approve m who digest proof wait

/-- `decide` of `machine.ts`. -/
def decision (m : Message N) (who digest : N) (d : Decision) : Step N :=
  if m.status ≠ Status.pending_approval then no Refusal.not_pending
  else if includes who m.authors = true then no Refusal.self_approval
  else if digest ≠ m.digest then no Refusal.stale_digest
  else decided m who digest d

/-- The authors with one who has written now. -/
def withAuthor (authors : List N) (who : N) : List N :=
  if includes who authors = true then authors else snoc authors who

/-- The message with other content: its approvals are void. -/
def edited (m : Message N) (who digest : N) : Message N :=
  { m with authors := withAuthor m.authors who, digest := digest, approvals := [] }

def edit (m : Message N) (who digest : N) : Step N :=
  if m.handed = true then no Refusal.not_editable
  else if m.status = Status.draft ∨ m.status = Status.pending_approval then to (edited m who digest) m.status
  else if m.status = Status.scheduled then to { edited m who digest with gated := false } Status.pending_scan
  else no Refusal.not_editable

def resubmit (m : Message N) (who : N) (mode : Mode) : Step N :=
  if m.status ≠ Status.draft then no Refusal.not_editable
  else if maySubmit (stricter m.mode mode) = false then no Refusal.mode_forbids_send
  else to
    { m with mode := stricter m.mode mode, authors := withAuthor m.authors who, approvals := [], gated := false }
    Status.pending_scan

def undo (m : Message N) : Step N :=
  if m.status = Status.scheduled ∧ m.gated = true ∧ isApproved m = true then
    to { m with approvals := [] } Status.pending_approval
  else no Refusal.not_scheduled

/-- States that a message can be cancelled in, if it has never been handed off. -/
def cancellable : Status → Bool
  | Status.draft => true
  | Status.pending_scan => true
  | Status.pending_approval => true
  | Status.scheduled => true
  | Status.queued => true
  | _ => false

def cancel {N : Type} (m : Message N) : Step N :=
  if m.handed = true then no Refusal.not_cancellable
  else if cancellable m.status = true then to m Status.cancelled
  else no Refusal.not_cancellable

def expire {N : Type} (m : Message N) : Step N :=
  if m.status = Status.pending_approval then to m Status.expired else no Refusal.not_pending

def release (m : Message N) : Step N :=
  if m.status ≠ Status.scheduled then no Refusal.not_scheduled
  else if m.gated = true ∧ isApproved m = false then to m Status.pending_approval
  else to m Status.queued

/-- Whether a decision is needed at hand-off: the scan said so, policies say so now, or either of the two modes does. -/
def gatedNow {N : Type} (m : Message N) (now : HandOff N) : Bool :=
  if m.gated = true ∨ now.verdict = Verdict.review ∨ gates (stricter m.mode now.mode) now.allowlisted = true
  then true else false

/-- The message with all that is asked of it at hand-off (`demands`). -/
def demanded {N : Type} (m : Message N) (now : HandOff N) : Message N :=
  { m with gated := gatedNow m now, required := greater m.required now.required, passkey := m.passkey || now.passkey }

def handOff (m : Message N) (now : HandOff N) : Step N :=
  if m.status ≠ Status.queued then no Refusal.not_queued
  else if now.digest ≠ m.digest then no Refusal.digest_mismatch
  else if now.stopped = true then no Refusal.operator_stopped
  else if maySubmit (stricter m.mode now.mode) = false then to m Status.blocked
  else if now.verdict = Verdict.block then to m Status.blocked
  else if gatedNow m now = true ∧ isApproved (demanded m now) = false then
    to (demanded m now) Status.pending_approval
  else if now.suppressed = true then to (demanded m now) Status.suppressed
  else if m.test = true then to (demanded m now) Status.sandboxed
  else if now.over_quota = true then no Refusal.quota_exceeded
  else to { demanded m now with handed := true } Status.sending

/-- What a remote server can answer now: it is being sent, or was deferred and is waiting. -/
def onTheWire {N : Type} (m : Message N) : Bool :=
  if m.status = Status.sending ∨ (m.status = Status.queued ∧ m.handed = true) then true else false

inductive ResultType where
  | accepted
  | delivered
  | deferred
  | lost
  | failed
  | bounced

def result {N : Type} (m : Message N) : ResultType → Step N
  | ResultType.accepted => if onTheWire m = true then to m Status.sent else no Refusal.not_sending
  | ResultType.delivered =>
    if onTheWire m = true ∨ m.status = Status.sent then to m Status.delivered else no Refusal.not_sending
  | ResultType.deferred => if m.status = Status.sending then to m Status.queued else no Refusal.not_sending
  | ResultType.lost => if m.status = Status.sending then to m Status.queued else no Refusal.not_sending
  | ResultType.failed => if onTheWire m = true then to m Status.send_failed else no Refusal.not_sending
  | ResultType.bounced =>
    if m.status = Status.sending ∨ m.status = Status.sent ∨ m.status = Status.delivered then to m Status.bounced
    else no Refusal.not_sending

/-- Applies one event. Total over every state and event. -/
def step (m : Message N) : Event N → Step N
  | Event.scan verdict allowlisted wait => scan m verdict allowlisted wait
  | Event.approve who digest proof wait => decision m who digest (Decision.approve proof wait)
  | Event.reject who digest => decision m who digest Decision.reject
  | Event.revise who digest => decision m who digest Decision.revise
  | Event.edit who digest => edit m who digest
  | Event.resubmit who mode => resubmit m who mode
  | Event.undo => undo m
  | Event.cancel => cancel m
  | Event.expire => expire m
  | Event.release => release m
  | Event.hand_off now => handOff m now
  | Event.accepted => result m ResultType.accepted
  | Event.delivered => result m ResultType.delivered
  | Event.deferred => result m ResultType.deferred
  | Event.lost => result m ResultType.lost
  | Event.failed => result m ResultType.failed
  | Event.bounced => result m ResultType.bounced

end

end Multimail

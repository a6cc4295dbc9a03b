/-
The gate: nothing that is gated is handed off without its approvals, whatever happened before and in whatever order.
-/
import Multimail.Trace

namespace Multimail

variable {N : Type} [DecidableEq N]

/-- States in which the gate lies behind a message: it will be, is being or has been sent. -/
def cleared : Status → Bool
  | Status.queued => true
  | Status.sending => true
  | Status.sent => true
  | Status.delivered => true
  | _ => false

/-- States in which a message is on its way or has been delivered. -/
def out : Status → Bool
  | Status.sending => true
  | Status.sent => true
  | Status.delivered => true
  | _ => false

theorem out_is_cleared : (s : Status) → out s = true → cleared s = true
  | Status.sending, _ => rfl
  | Status.sent, _ => rfl
  | Status.delivered, _ => rfl
  | Status.draft, h => absurd_flag h
  | Status.pending_scan, h => absurd_flag h
  | Status.pending_approval, h => absurd_flag h
  | Status.scheduled, h => absurd_flag h
  | Status.queued, h => absurd_flag h
  | Status.blocked, h => absurd_flag h
  | Status.rejected, h => absurd_flag h
  | Status.cancelled, h => absurd_flag h
  | Status.expired, h => absurd_flag h
  | Status.suppressed, h => absurd_flag h
  | Status.send_failed, h => absurd_flag h
  | Status.bounced, h => absurd_flag h
  | Status.sandboxed, h => absurd_flag h

theorem onTheWire_means {m : Message N} (h : onTheWire m = true) :
    m.status = Status.sending ∨ (m.status = Status.queued ∧ m.handed = true) := flag_true h

theorem onTheWire_cleared {m : Message N} (h : onTheWire m = true) : cleared m.status = true :=
  match onTheWire_means h with
  | Or.inl e => congrArg cleared e
  | Or.inr e => congrArg cleared e.1

/-! ## One hand-off -/

def isSending : Status → Bool
  | Status.sending => true
  | _ => false

theorem not_sending {a b : Status} {P : Prop} (same : a = b) (sends : a = Status.sending)
    (other : isSending b = false) : P :=
  not_both (congrArg isSending sends) ((congrArg isSending same).trans other)

/-- **Only a hand-off sends**, and only one for which nothing stands in the way. -/
theorem only_hand_off_sends {m m' : Message N} {e : Event N} (h : step m e = Except.ok m')
    (sends : m'.status = Status.sending) :
    ∃ now, e = Event.hand_off now ∧ now.digest = m.digest ∧ now.stopped = false ∧ now.suppressed = false ∧
      now.verdict ≠ Verdict.block ∧ m.test = false ∧ maySubmit (stricter m.mode now.mode) = true ∧
      (gatedNow m now = true → isApproved (demanded m now) = true) ∧
      m' = { demanded m now with handed := true, status := Status.sending } := by
  cases step_ok h with
  | hand_off was exact_ running how =>
    cases how with
    | sending allowed unblocked approved deliverable live same =>
      exact ⟨_, rfl, exact_, running, deliverable, unblocked, live, allowed, approved, same⟩
    | blocked same => exact not_sending (congrArg Message.status same) sends rfl
    | held same => exact not_sending (congrArg Message.status same) sends rfl
    | suppressed same => exact not_sending (congrArg Message.status same) sends rfl
    | sandboxed same => exact not_sending (congrArg Message.status same) sends rfl
  | approve_done was foreign fresh strong enough next isNext same =>
    have e : next = Status.sending := (congrArg Message.status same).symm.trans sends
    cases isNext with
    | inl known => exact not_sending known e rfl
    | inr known => exact not_sending known e rfl
  | edit_open was unsent same =>
    have e : m.status = Status.sending := (congrArg Message.status same).symm.trans sends
    cases was with
    | inl known => exact not_sending known e rfl
    | inr known => exact not_sending known e rfl
  | approve_more was foreign fresh strong same => exact not_sending (congrArg Message.status same) sends rfl
  | reject was foreign fresh same => exact not_sending (congrArg Message.status same) sends rfl
  | revise was foreign fresh same => exact not_sending (congrArg Message.status same) sends rfl
  | scan_block was same => exact not_sending (congrArg Message.status same) sends rfl
  | scan_gate was same => exact not_sending (congrArg Message.status same) sends rfl
  | scan_wait was gated same => exact not_sending (congrArg Message.status same) sends rfl
  | scan_pass was open_ calm same => exact not_sending (congrArg Message.status same) sends rfl
  | edit_scheduled was unsent same => exact not_sending (congrArg Message.status same) sends rfl
  | resubmit was allowed same => exact not_sending (congrArg Message.status same) sends rfl
  | undo was same => exact not_sending (congrArg Message.status same) sends rfl
  | cancel was unsent same => exact not_sending (congrArg Message.status same) sends rfl
  | expire was same => exact not_sending (congrArg Message.status same) sends rfl
  | release_gate was same => exact not_sending (congrArg Message.status same) sends rfl
  | release_queue was enough same => exact not_sending (congrArg Message.status same) sends rfl
  | accepted was same => exact not_sending (congrArg Message.status same) sends rfl
  | delivered was same => exact not_sending (congrArg Message.status same) sends rfl
  | deferred was same => exact not_sending (congrArg Message.status same) sends rfl
  | lost was same => exact not_sending (congrArg Message.status same) sends rfl
  | failed was same => exact not_sending (congrArg Message.status same) sends rfl
  | bounced was same => exact not_sending (congrArg Message.status same) sends rfl

-- The same for a hand-off that is known to be one.
theorem hand_off_sends {m m' : Message N} {now : HandOff N} (h : step m (Event.hand_off now) = Except.ok m')
    (sends : m'.status = Status.sending) :
    now.digest = m.digest ∧ now.stopped = false ∧ now.suppressed = false ∧ now.verdict ≠ Verdict.block ∧
      m.test = false ∧ maySubmit (stricter m.mode now.mode) = true ∧
      (gatedNow m now = true → isApproved (demanded m now) = true) ∧
      m' = { demanded m now with handed := true, status := Status.sending } :=
  match only_hand_off_sends h sends with
  | ⟨now', same, rest⟩ => by
    injection same with e
    subst e
    exact rest

/-- **A gated hand-off sends only what is approved:** where the scan, a policy, or the mailbox then or now gates, the
approvals of exactly the digest that is sent reach what the message and the mailbox ask for, each by passkey where
either asks for passkeys. -/
theorem gated_hand_off_is_approved {m m' : Message N} {now : HandOff N}
    (h : step m (Event.hand_off now) = Except.ok m') (sends : m'.status = Status.sending)
    (gated : m.gated = true ∨ now.verdict = Verdict.review ∨ gates (stricter m.mode now.mode) now.allowlisted = true) :
    isApproved m' = true ∧ m'.gated = true ∧ m'.digest = now.digest ∧
      m'.required = greater m.required now.required ∧ m'.passkey = (m.passkey || now.passkey) := by
  have met := hand_off_sends h sends
  have isGated : gatedNow m now = true := if_yes gated
  have same := met.2.2.2.2.2.2.2
  have approved := met.2.2.2.2.2.2.1 isGated
  subst same
  exact ⟨approved, isGated, met.1.symm, rfl, rfl⟩

theorem ble_refl : (n : Nat) → Nat.ble n n = true
  | Nat.zero => rfl
  | Nat.succ n => ble_refl n

theorem greater_left (a b : Nat) : Nat.ble a (greater a b) = true :=
  match bool_cases (Nat.ble a b) with
  | Or.inl t => (congrArg (Nat.ble a) (if_yes t)).trans t
  | Or.inr f => (congrArg (Nat.ble a) (if_no (fun t => not_both t f))).trans (ble_refl a)

theorem ble_total : (a b : Nat) → Nat.ble a b = false → Nat.ble b a = true
  | Nat.zero, Nat.zero, _ => rfl
  | Nat.zero, Nat.succ _, h => absurd_flag h.symm
  | Nat.succ _, Nat.zero, _ => rfl
  | Nat.succ a, Nat.succ b, h => ble_total a b h

theorem greater_right (a b : Nat) : Nat.ble b (greater a b) = true :=
  match bool_cases (Nat.ble a b) with
  | Or.inl t => (congrArg (Nat.ble b) (if_yes t)).trans (ble_refl b)
  | Or.inr f => (congrArg (Nat.ble b) (if_no (fun t => not_both t f))).trans (ble_total a b f)

/-- The quorum asked for at a hand-off is at least the message's own and at least the mailbox's. -/
theorem demands_only_grow (m : Message N) (now : HandOff N) :
    Nat.ble m.required (demanded m now).required = true ∧ Nat.ble now.required (demanded m now).required = true ∧
      (m.passkey = true → (demanded m now).passkey = true) ∧ (now.passkey = true → (demanded m now).passkey = true) :=
  ⟨greater_left m.required now.required, greater_right m.required now.required,
    fun h => show (m.passkey || now.passkey) = true by rw [h]; exact rfl,
    fun h => show (m.passkey || now.passkey) = true by
      rw [h]
      cases m.passkey with
      | true => exact rfl
      | false => exact rfl⟩

/-! ## Whole lives -/

theorem cleared_kept {m m' : Message N} {e : Event N}
    (before : cleared m.status = true → m.gated = true → isApproved m = true) (c : Change m e m') :
    cleared m'.status = true → m'.gated = true → isApproved m' = true := by
  cases c with
  | scan_block was same => subst same; intro h; exact absurd_flag h
  | scan_gate was same => subst same; intro h; exact absurd_flag h
  | scan_wait was gated same => subst same; intro h; exact absurd_flag h
  | scan_pass was open_ calm same => subst same; intro _ g; exact absurd_flag g
  | approve_more was foreign fresh strong same => subst same; intro h; exact absurd_flag h
  | approve_done was foreign fresh strong enough next isNext same => subst same; intro _ _; exact enough
  | reject was foreign fresh same => subst same; intro h; exact absurd_flag h
  | revise was foreign fresh same => subst same; intro h; exact absurd_flag h
  | edit_open was unsent same =>
    subst same
    intro h
    have h' : cleared m.status = true := h
    cases was with
    | inl known => exact absurd_flag ((congrArg cleared known).symm.trans h')
    | inr known => exact absurd_flag ((congrArg cleared known).symm.trans h')
  | edit_scheduled was unsent same => subst same; intro h; exact absurd_flag h
  | resubmit was allowed same => subst same; intro h; exact absurd_flag h
  | undo was same => subst same; intro h; exact absurd_flag h
  | cancel was unsent same => subst same; intro h; exact absurd_flag h
  | expire was same => subst same; intro h; exact absurd_flag h
  | release_gate was same => subst same; intro h; exact absurd_flag h
  | release_queue was enough same => subst same; intro _ g; exact enough g
  | hand_off was exact_ running how =>
    cases how with
    | blocked same => subst same; intro h; exact absurd_flag h
    | held same => subst same; intro h; exact absurd_flag h
    | suppressed same => subst same; intro h; exact absurd_flag h
    | sandboxed same => subst same; intro h; exact absurd_flag h
    | sending allowed unblocked approved deliverable live same => subst same; intro _ g; exact approved g
  | accepted was same => subst same; intro _ g; exact before (onTheWire_cleared was) g
  | delivered was same =>
    subst same
    intro _ g
    cases was with
    | inl known => exact before (onTheWire_cleared known) g
    | inr known => exact before (congrArg cleared known) g
  | deferred was same => subst same; intro _ g; exact before (congrArg cleared was) g
  | lost was same => subst same; intro _ g; exact before (congrArg cleared was) g
  | failed was same => subst same; intro h; exact absurd_flag h
  | bounced was same => subst same; intro h; exact absurd_flag h

/-- **A gated message is never queued, sent or delivered without its approvals**, in any life. -/
theorem gated_never_sends_unapproved {s : Submission N} {log : List (Event N)} {m : Message N}
    (life : Reachable s log m) : cleared m.status = true → m.gated = true → isApproved m = true :=
  always (P := fun m => cleared m.status = true → m.gated = true → isApproved m = true)
    (fun m begun h =>
      have same := congrArg (fun (x : Message N) => cleared x.status) (submitted_is begun).2
      absurd_flag (same.symm.trans h))
    (fun m m' e before c => cleared_kept before c) life

/-- In any life, what a gated hand-off sends was approved before by as many different principals as asked for, none of
them an author. `gated_mailbox_never_sends_unapproved` says when a mailbox makes it gated. -/
theorem gated_hand_off_was_approved_before {s : Submission N} {log : List (Event N)} {now : HandOff N} {m' : Message N}
    (life : Reachable s (Event.hand_off now :: log) m') (sends : m'.status = Status.sending) (gated : m'.gated = true) :
    ∃ people : List N, Distinct people ∧ Nat.ble m'.required (size people) = true ∧
      ∀ p, includes p people = true → includes p m'.authors = false ∧
        ∃ proof, Approved p now.digest proof log ∧ (m'.passkey = true → proof = DecisionClass.A) :=
  match last_step life with
  | ⟨m, before, h⟩ => by
    have met := hand_off_sends h sends
    have same := met.2.2.2.2.2.2.2
    have entered := approvals_are_entries before
    have isGated : gatedNow m now = true := (congrArg Message.gated same).symm.trans gated
    have approved : isApproved (demanded m now) = true := met.2.2.2.2.2.2.1 isGated
    subst same
    cases approved_means approved with
    | intro people facts =>
      exact ⟨people, facts.1, facts.2.1, fun p member =>
        ⟨(facts.2.2 p member).1, by
          cases (facts.2.2 p member).2 with
          | intro a known =>
            have inLog : In a (standing log) := Eq.mp (congrArg (In a) entered) known.1
            have entry := standing_is_entered log inLog
            have digest : a.digest = now.digest := known.2.2.1.trans met.1.symm
            rw [known.2.1, digest] at entry
            exact ⟨a.proof, entry, known.2.2.2⟩⟩⟩

/-- A hand-off is gated by the mode of now or of then, by a policy, or because the scan said so: this is when
`gated_hand_off_was_approved_before` applies. -/
theorem gating_modes_gate (m : Message N) (now : HandOff N)
    (gated : m.gated = true ∨ now.verdict = Verdict.review ∨ gates (stricter m.mode now.mode) now.allowlisted = true) :
    (demanded m now).gated = true := if_yes gated

/-! ## The decision precedes the hand-off -/

/-- **The decision's entry precedes the hand-off's**, for every hand-off of every life: what a gated hand-off sends was
approved by entries that stand in the log before it. -/
theorem decision_precedes_hand_off {s : Submission N} {later earlier : List (Event N)} {now : HandOff N} {m : Message N}
    (life : Reachable s (append later (Event.hand_off now :: earlier)) m) :
    ∃ m', Reachable s (Event.hand_off now :: earlier) m' ∧
      (m'.status = Status.sending → m'.gated = true →
        ∃ people : List N, Distinct people ∧ Nat.ble m'.required (size people) = true ∧
          ∀ p, includes p people = true → ∃ proof, Approved p now.digest proof earlier) :=
  match earlier_life later life with
  | ⟨m', part⟩ =>
    ⟨m', part, fun sends gated =>
      match gated_hand_off_was_approved_before part sends gated with
      | ⟨people, distinct, enough, each⟩ =>
        ⟨people, distinct, enough, fun p member =>
          match (each p member).2 with
          | ⟨proof, entry, _⟩ => ⟨proof, entry⟩⟩⟩

end Multimail

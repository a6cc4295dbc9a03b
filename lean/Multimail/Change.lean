/-
Everything that one accepted event can do, as one list of cases. `step_ok` shows that `step` does nothing else; the
other files reason over this list.
-/
import Multimail.Machine

namespace Multimail

/-! ## What follows from an `if` that came out one way -/

theorem bool_cases (b : Bool) : b = true ∨ b = false :=
  match b with
  | true => Or.inl rfl
  | false => Or.inr rfl

theorem true_of_not_false {b : Bool} (h : ¬ b = false) : b = true :=
  match bool_cases b with
  | Or.inl t => t
  | Or.inr f => absurd f h

theorem false_of_not_true {b : Bool} (h : ¬ b = true) : b = false :=
  match bool_cases b with
  | Or.inl t => absurd t h
  | Or.inr f => f

theorem absurd_flag {P : Prop} (h : false = true) : P := by cases h

theorem not_both {b : Bool} {P : Prop} (t : b = true) (f : b = false) : P :=
  absurd_flag (f.symm.trans t)

theorem eq_of_not_ne {α : Type} [DecidableEq α] {a b : α} (h : ¬ a ≠ b) : a = b :=
  match decEq a b with
  | Decidable.isTrue e => e
  | Decidable.isFalse n => absurd n h

theorem if_yes {c : Prop} [inst : Decidable c] {α : Type} {x y : α} (h : c) : (if c then x else y) = x :=
  match inst with
  | Decidable.isTrue _ => rfl
  | Decidable.isFalse n => absurd h n

theorem if_no {c : Prop} [inst : Decidable c] {α : Type} {x y : α} (h : ¬ c) : (if c then x else y) = y :=
  match inst with
  | Decidable.isTrue t => absurd t h
  | Decidable.isFalse _ => rfl

theorem choice {c : Prop} [inst : Decidable c] {α : Type} {x y z : α} (h : (if c then x else y) = z) :
    (c ∧ x = z) ∨ (¬ c ∧ y = z) :=
  match inst, h with
  | Decidable.isTrue t, h => Or.inl ⟨t, h⟩
  | Decidable.isFalse n, h => Or.inr ⟨n, h⟩

theorem flag_true {c : Prop} [Decidable c] (h : (if c then true else false) = true) : c :=
  match choice h with
  | Or.inl both => both.1
  | Or.inr both => absurd_flag both.2

theorem flag_false {c : Prop} [Decidable c] (h : (if c then true else false) = false) : ¬ c :=
  match choice h with
  | Or.inl both => absurd_flag both.2.symm
  | Or.inr both => both.1

theorem error_ne_ok {ε α : Type} {r : ε} {x : α} {P : Prop} (h : Except.error r = Except.ok x) : P := by
  cases h

theorem ok_eq {α : Type} {x y : α} (h : (Except.ok x : Except Refusal α) = Except.ok y) : y = x := by
  injection h with e
  exact e.symm

-- Past a check that refuses.
theorem past {c : Prop} [Decidable c] {α : Type} {r : Refusal} {x : Except Refusal α} {y : α}
    (h : (if c then Except.error r else x) = Except.ok y) : ¬ c ∧ x = Except.ok y :=
  match choice h with
  | Or.inl both => error_ne_ok both.2
  | Or.inr both => both

-- Into a branch whose other side refuses.
theorem onlyThen {c : Prop} [Decidable c] {α : Type} {r : Refusal} {x : Except Refusal α} {y : α}
    (h : (if c then x else Except.error r) = Except.ok y) : c ∧ x = Except.ok y :=
  match choice h with
  | Or.inl both => both
  | Or.inr both => error_ne_ok both.2

/-! ## The cases -/

variable {N : Type} [DecidableEq N]

/-- What a hand-off that is not refused comes to. -/
inductive HandOffCase (m : Message N) (now : HandOff N) (m' : Message N) : Prop where
  | blocked (same : m' = inStatus m Status.blocked)
  | held (same : m' = inStatus (demanded m now) Status.pending_approval)
  | suppressed (same : m' = inStatus (demanded m now) Status.suppressed)
  | sandboxed (same : m' = inStatus (demanded m now) Status.sandboxed)
  | sending
      (allowed : maySubmit (stricter m.mode now.mode) = true)
      (unblocked : now.verdict ≠ Verdict.block)
      (approved : gatedNow m now = true → isApproved (demanded m now) = true)
      (deliverable : now.suppressed = false)
      (live : m.test = false)
      (same : m' = inStatus { demanded m now with handed := true } Status.sending)

/-- What one accepted event does to a message. -/
inductive Change (m : Message N) : Event N → Message N → Prop where
  | scan_block {verdict allowlisted wait m'} (was : m.status = Status.pending_scan)
      (same : m' = inStatus m Status.blocked) : Change m (Event.scan verdict allowlisted wait) m'
  | scan_gate {verdict allowlisted wait m'} (was : m.status = Status.pending_scan)
      (same : m' = inStatus { m with gated := true } Status.pending_approval) :
      Change m (Event.scan verdict allowlisted wait) m'
  | scan_wait {verdict allowlisted wait m'} (was : m.status = Status.pending_scan) (gated : Bool)
      (same : m' = inStatus { m with gated := gated } Status.scheduled) :
      Change m (Event.scan verdict allowlisted wait) m'
  | scan_pass {verdict allowlisted wait m'} (was : m.status = Status.pending_scan)
      (open_ : gates m.mode allowlisted = false) (calm : verdict ≠ Verdict.review)
      (same : m' = inStatus { m with gated := false } Status.queued) :
      Change m (Event.scan verdict allowlisted wait) m'
  | approve_more {who digest proof wait m'} (was : m.status = Status.pending_approval)
      (foreign : includes who m.authors = false) (fresh : digest = m.digest)
      (strong : isStrong m.passkey proof = true)
      (same : m' = inStatus (withApproval m who digest proof) Status.pending_approval) :
      Change m (Event.approve who digest proof wait) m'
  | approve_done {who digest proof wait m'} (was : m.status = Status.pending_approval)
      (foreign : includes who m.authors = false) (fresh : digest = m.digest)
      (strong : isStrong m.passkey proof = true)
      (enough : isApproved (withApproval m who digest proof) = true)
      (next : Status) (isNext : next = Status.scheduled ∨ next = Status.queued)
      (same : m' = inStatus (withApproval m who digest proof) next) :
      Change m (Event.approve who digest proof wait) m'
  | reject {who digest m'} (was : m.status = Status.pending_approval)
      (foreign : includes who m.authors = false) (fresh : digest = m.digest)
      (same : m' = inStatus m Status.rejected) : Change m (Event.reject who digest) m'
  | revise {who digest m'} (was : m.status = Status.pending_approval)
      (foreign : includes who m.authors = false) (fresh : digest = m.digest)
      (same : m' = inStatus { m with approvals := [] } Status.draft) : Change m (Event.revise who digest) m'
  | edit_open {who digest m'} (was : m.status = Status.draft ∨ m.status = Status.pending_approval)
      (unsent : m.handed = false) (same : m' = edited m who digest) : Change m (Event.edit who digest) m'
  | edit_scheduled {who digest m'} (was : m.status = Status.scheduled) (unsent : m.handed = false)
      (same : m' = inStatus { edited m who digest with gated := false } Status.pending_scan) :
      Change m (Event.edit who digest) m'
  | resubmit {who mode m'} (was : m.status = Status.draft) (allowed : maySubmit (stricter m.mode mode) = true)
      (same : m' = inStatus
        { m with mode := stricter m.mode mode, authors := withAuthor m.authors who, approvals := [], gated := false }
        Status.pending_scan) :
      Change m (Event.resubmit who mode) m'
  | undo {m'} (was : m.status = Status.scheduled)
      (same : m' = inStatus { m with approvals := [] } Status.pending_approval) : Change m Event.undo m'
  | cancel {m'} (was : cancellable m.status = true) (unsent : m.handed = false)
      (same : m' = inStatus m Status.cancelled) : Change m Event.cancel m'
  | expire {m'} (was : m.status = Status.pending_approval) (same : m' = inStatus m Status.expired) :
      Change m Event.expire m'
  | release_gate {m'} (was : m.status = Status.scheduled)
      (same : m' = inStatus m Status.pending_approval) : Change m Event.release m'
  | release_queue {m'} (was : m.status = Status.scheduled) (enough : m.gated = true → isApproved m = true)
      (same : m' = inStatus m Status.queued) : Change m Event.release m'
  | hand_off {now m'} (was : m.status = Status.queued) (exact_ : now.digest = m.digest) (running : now.stopped = false)
      (how : HandOffCase m now m') : Change m (Event.hand_off now) m'
  | accepted {m'} (was : onTheWire m = true) (same : m' = inStatus m Status.sent) :
      Change m Event.accepted m'
  | delivered {m'} (was : onTheWire m = true ∨ m.status = Status.sent)
      (same : m' = inStatus m Status.delivered) : Change m Event.delivered m'
  | deferred {m'} (was : m.status = Status.sending) (same : m' = inStatus m Status.queued) :
      Change m Event.deferred m'
  | lost {m'} (was : m.status = Status.sending) (same : m' = inStatus m Status.queued) :
      Change m Event.lost m'
  | failed {m'} (was : onTheWire m = true) (same : m' = inStatus m Status.send_failed) :
      Change m Event.failed m'
  | bounced {m'} (was : m.status = Status.sending ∨ m.status = Status.sent ∨ m.status = Status.delivered)
      (same : m' = inStatus m Status.bounced) : Change m Event.bounced m'

/-! ## There are no others -/

theorem scan_ok {m m' : Message N} {verdict : Verdict} {allowlisted wait : Bool}
    (h : scan m verdict allowlisted wait = Except.ok m') : Change m (Event.scan verdict allowlisted wait) m' :=
  have h0 := past h
  have was := eq_of_not_ne h0.1
  match choice h0.2 with
  | Or.inl hb => Change.scan_block was (ok_eq hb.2)
  | Or.inr hb =>
    match choice hb.2 with
    | Or.inl hg =>
      match choice hg.2 with
      | Or.inl hw => Change.scan_wait was true (ok_eq hw.2)
      | Or.inr hw => Change.scan_gate was (ok_eq hw.2)
    | Or.inr hg =>
      have same := ok_eq hg.2
      match bool_cases wait with
      | Or.inl t =>
        Change.scan_wait was false
          (same.trans (congrArg (fun s => inStatus ({ m with gated := false } : Message N) s) (if_yes t)))
      | Or.inr f =>
        Change.scan_pass was (false_of_not_true (fun t => hg.1 (Or.inl t))) (fun r => hg.1 (Or.inr r))
          (same.trans (congrArg (fun s => inStatus ({ m with gated := false } : Message N) s)
            (if_no (fun t => not_both t f))))

theorem wait_cases (wait : Bool) :
    (if wait then Status.scheduled else Status.queued) = Status.scheduled ∨
    (if wait then Status.scheduled else Status.queued) = Status.queued :=
  match wait with
  | true => Or.inl rfl
  | false => Or.inr rfl

/-- What holds for every decision that is not refused. -/
theorem decision_ok {m m' : Message N} {who digest : N} {d : Decision}
    (h : decision m who digest d = Except.ok m') :
    m.status = Status.pending_approval ∧ includes who m.authors = false ∧ digest = m.digest ∧
    decided m who digest d = Except.ok m' :=
  have h0 := past h
  have h1 := past h0.2
  have h2 := past h1.2
  ⟨eq_of_not_ne h0.1, false_of_not_true h1.1, eq_of_not_ne h2.1, h2.2⟩

theorem approve_ok {m m' : Message N} {who digest : N} {proof : DecisionClass} {wait : Bool}
    (h : decision m who digest (Decision.approve proof wait) = Except.ok m') :
    Change m (Event.approve who digest proof wait) m' :=
  have h0 := decision_ok h
  have h1 : approve m who digest proof wait = Except.ok m' := h0.2.2.2
  have h2 := past h1
  have h3 := past h2.2
  have strong := true_of_not_false h2.1
  match choice h3.2 with
  | Or.inl hm => Change.approve_more h0.1 h0.2.1 h0.2.2.1 strong (ok_eq hm.2)
  | Or.inr hd =>
    Change.approve_done h0.1 h0.2.1 h0.2.2.1 strong (true_of_not_false hd.1) _ (wait_cases wait) (ok_eq hd.2)

theorem edit_ok {m m' : Message N} {who digest : N} (h : edit m who digest = Except.ok m') :
    Change m (Event.edit who digest) m' :=
  have h0 := past h
  have unsent := false_of_not_true h0.1
  match choice h0.2 with
  | Or.inl ho => Change.edit_open ho.1 unsent (ok_eq ho.2)
  | Or.inr ho =>
    have h1 := onlyThen ho.2
    Change.edit_scheduled h1.1 unsent (ok_eq h1.2)

theorem resubmit_ok {m m' : Message N} {who : N} {mode : Mode} (h : resubmit m who mode = Except.ok m') :
    Change m (Event.resubmit who mode) m' :=
  have h0 := past h
  have h1 := past h0.2
  Change.resubmit (eq_of_not_ne h0.1) (true_of_not_false h1.1) (ok_eq h1.2)

theorem release_ok {m m' : Message N} (h : release m = Except.ok m') : Change m Event.release m' :=
  have h0 := past h
  have was := eq_of_not_ne h0.1
  match choice h0.2 with
  | Or.inl hg => Change.release_gate was (ok_eq hg.2)
  | Or.inr hg =>
    Change.release_queue was (fun gated => true_of_not_false (fun f => hg.1 ⟨gated, f⟩)) (ok_eq hg.2)

theorem handOff_ok {m m' : Message N} {now : HandOff N} (h : handOff m now = Except.ok m') :
    Change m (Event.hand_off now) m' :=
  have h0 := past h
  have h1 := past h0.2
  have h2 := past h1.2
  have whole : HandOffCase m now m' → Change m (Event.hand_off now) m' :=
    fun how => Change.hand_off (eq_of_not_ne h0.1) (eq_of_not_ne h1.1) (false_of_not_true h2.1) how
  match choice h2.2 with
  | Or.inl hm => whole (HandOffCase.blocked (ok_eq hm.2))
  | Or.inr hm =>
    have allowed := true_of_not_false hm.1
    match choice hm.2 with
    | Or.inl hb => whole (HandOffCase.blocked (ok_eq hb.2))
    | Or.inr hb =>
      match choice hb.2 with
      | Or.inl hg => whole (HandOffCase.held (ok_eq hg.2))
      | Or.inr hg =>
        match choice hg.2 with
        | Or.inl hs => whole (HandOffCase.suppressed (ok_eq hs.2))
        | Or.inr hs =>
          match choice hs.2 with
          | Or.inl ht => whole (HandOffCase.sandboxed (ok_eq ht.2))
          | Or.inr ht =>
            have h3 := past ht.2
            whole (HandOffCase.sending allowed hb.1
              (fun gated => true_of_not_false (fun f => hg.1 ⟨gated, f⟩))
              (false_of_not_true hs.1) (false_of_not_true ht.1) (ok_eq h3.2))

/-- Whatever `step` accepts is one of the cases of `Change`. -/
theorem step_ok {m m' : Message N} {e : Event N} (h : step m e = Except.ok m') : Change m e m' :=
  match e, h with
  | Event.scan _ _ _, h => scan_ok h
  | Event.approve _ _ _ _, h => approve_ok h
  | Event.reject _ _, h =>
    have h0 := decision_ok h
    have h1 : to m Status.rejected = Except.ok m' := h0.2.2.2
    Change.reject h0.1 h0.2.1 h0.2.2.1 (ok_eq h1)
  | Event.revise _ _, h =>
    have h0 := decision_ok h
    have h1 : to { m with approvals := [] } Status.draft = Except.ok m' := h0.2.2.2
    Change.revise h0.1 h0.2.1 h0.2.2.1 (ok_eq h1)
  | Event.edit _ _, h => edit_ok h
  | Event.resubmit _ _, h => resubmit_ok h
  | Event.undo, h =>
    have h0 := onlyThen h
    Change.undo h0.1.1 (ok_eq h0.2)
  | Event.cancel, h =>
    have h0 := past h
    have h1 := onlyThen h0.2
    Change.cancel h1.1 (false_of_not_true h0.1) (ok_eq h1.2)
  | Event.expire, h =>
    have h0 := onlyThen h
    Change.expire h0.1 (ok_eq h0.2)
  | Event.release, h => release_ok h
  | Event.hand_off _, h => handOff_ok h
  | Event.accepted, h =>
    have h0 := onlyThen h
    Change.accepted h0.1 (ok_eq h0.2)
  | Event.delivered, h =>
    have h0 := onlyThen h
    Change.delivered h0.1 (ok_eq h0.2)
  | Event.deferred, h =>
    have h0 := onlyThen h
    Change.deferred h0.1 (ok_eq h0.2)
  | Event.lost, h =>
    have h0 := onlyThen h
    Change.lost h0.1 (ok_eq h0.2)
  | Event.failed, h =>
    have h0 := onlyThen h
    Change.failed h0.1 (ok_eq h0.2)
  | Event.bounced, h =>
    have h0 := onlyThen h
    Change.bounced h0.1 (ok_eq h0.2)

end Multimail

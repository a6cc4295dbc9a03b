/-
Lives of messages: the accepted events since submission, newest first. A refused event leaves no trace, because a refusal
changes nothing.
-/
import Multimail.Approvals

namespace Multimail

variable {N : Type} [DecidableEq N]

/-- `m` is what came of submission `s` and the accepted events of `log`, newest first. -/
inductive Reachable (s : Submission N) : List (Event N) → Message N → Prop where
  | submitted {m} (begun : submit s = Except.ok m) : Reachable s [] m
  | stepped {log m e m'} (life : Reachable s log m) (h : step m e = Except.ok m') : Reachable s (e :: log) m'

/-- One list after the other. -/
def append {α : Type} : List α → List α → List α
  | [], ys => ys
  | x :: xs, ys => x :: append xs ys

theorem submitted_is {s : Submission N} {m : Message N} (h : submit s = Except.ok m) :
    maySubmit s.mode = true ∧
    m = { status := Status.pending_scan, mode := s.mode, test := s.test, authors := s.authors, digest := s.digest,
          approvals := [], required := s.required, passkey := s.passkey, timing := s.timing, gated := false,
          handed := false } :=
  have h0 := past h
  ⟨true_of_not_false h0.1, ok_eq h0.2⟩

-- The last event of a life and the message before it.
theorem last_step {s : Submission N} {log : List (Event N)} {e : Event N} {m' : Message N}
    (life : Reachable s (e :: log) m') : ∃ m, Reachable s log m ∧ step m e = Except.ok m' := by
  cases life with
  | stepped before h => exact ⟨_, before, h⟩

/-- Every earlier part of a life is a life. -/
theorem earlier_life {s : Submission N} {earlier : List (Event N)} :
    (later : List (Event N)) → {m : Message N} → Reachable s (append later earlier) m → ∃ m₀, Reachable s earlier m₀
  | [], m, life => ⟨m, life⟩
  | _ :: later, _, life =>
    match last_step life with
    | ⟨_, before, _⟩ => earlier_life later before

-- What holds at submission and is kept by every accepted event holds always.
theorem always {s : Submission N} {P : Message N → Prop} (begin_ : ∀ m, submit s = Except.ok m → P m)
    (keep : ∀ m m' e, P m → Change m e m' → P m') {log : List (Event N)} {m : Message N}
    (life : Reachable s log m) : P m := by
  induction life with
  | submitted begun => exact begin_ _ begun
  | stepped before h ih => exact keep _ _ _ ih (step_ok h)

/-! ## Approvals are entries -/

/-- The approvals of a log that still stand: those since the last edit, revision, resubmission or undo. -/
def standing : List (Event N) → List (Approval N)
  | [] => []
  | Event.approve who digest proof _ :: earlier =>
    snoc (standing earlier) { who := who, digest := digest, proof := proof }
  | Event.revise _ _ :: _ => []
  | Event.edit _ _ :: _ => []
  | Event.resubmit _ _ :: _ => []
  | Event.undo :: _ => []
  | _ :: earlier => standing earlier

/-- **Approvals are entries of the log:** a message holds exactly those that the log shows as standing. -/
theorem approvals_are_entries {s : Submission N} {log : List (Event N)} {m : Message N} (life : Reachable s log m) :
    m.approvals = standing log := by
  induction life with
  | submitted begun => exact congrArg Message.approvals (submitted_is begun).2
  | stepped before h ih =>
    cases step_ok h with
    | approve_more was foreign fresh strong same =>
      subst same
      exact congrArg (fun l => snoc l _) ih
    | approve_done was foreign fresh strong enough next isNext same =>
      subst same
      exact congrArg (fun l => snoc l _) ih
    | revise was foreign fresh same => exact congrArg Message.approvals same
    | edit_open was unsent same => exact congrArg Message.approvals same
    | edit_scheduled was unsent same => exact congrArg Message.approvals same
    | resubmit was allowed same => exact congrArg Message.approvals same
    | undo was same => exact congrArg Message.approvals same
    | scan_block was same => exact (congrArg Message.approvals same).trans ih
    | scan_gate was same => exact (congrArg Message.approvals same).trans ih
    | scan_wait was gated same => exact (congrArg Message.approvals same).trans ih
    | scan_pass was open_ calm same => exact (congrArg Message.approvals same).trans ih
    | reject was foreign fresh same => exact (congrArg Message.approvals same).trans ih
    | cancel was unsent same => exact (congrArg Message.approvals same).trans ih
    | expire was same => exact (congrArg Message.approvals same).trans ih
    | release_gate was same => exact (congrArg Message.approvals same).trans ih
    | release_queue was enough same => exact (congrArg Message.approvals same).trans ih
    | hand_off was exact_ running how =>
      cases how with
      | blocked same => exact (congrArg Message.approvals same).trans ih
      | held same => exact (congrArg Message.approvals same).trans ih
      | suppressed same => exact (congrArg Message.approvals same).trans ih
      | sandboxed same => exact (congrArg Message.approvals same).trans ih
      | sending allowed unblocked approved deliverable live same =>
        exact (congrArg Message.approvals same).trans ih
    | accepted was same => exact (congrArg Message.approvals same).trans ih
    | delivered was same => exact (congrArg Message.approvals same).trans ih
    | deferred was same => exact (congrArg Message.approvals same).trans ih
    | lost was same => exact (congrArg Message.approvals same).trans ih
    | failed was same => exact (congrArg Message.approvals same).trans ih
    | bounced was same => exact (congrArg Message.approvals same).trans ih

theorem in_snoc {α : Type} {x y : α} : {list : List α} → In x (snoc list y) → In x list ∨ x = y
  | [], Or.inl e => Or.inr e
  | [], Or.inr no => False.elim no
  | _ :: _, Or.inl e => Or.inl (Or.inl e)
  | _ :: rest, Or.inr later =>
    match in_snoc (list := rest) later with
    | Or.inl known => Or.inl (Or.inr known)
    | Or.inr e => Or.inr e

/-- The log has an approval by `who` of `digest`, proved this way. -/
def Approved (who digest : N) (proof : DecisionClass) (log : List (Event N)) : Prop :=
  ∃ wait, In (Event.approve who digest proof wait) log

theorem approved_later {who digest : N} {proof : DecisionClass} {log : List (Event N)} (e : Event N)
    (h : Approved who digest proof log) : Approved who digest proof (e :: log) :=
  match h with
  | ⟨wait, known⟩ => ⟨wait, Or.inr known⟩

/-- What stands was entered by somebody. -/
theorem standing_is_entered {a : Approval N} :
    (log : List (Event N)) → In a (standing log) → Approved a.who a.digest a.proof log
  | [], h => False.elim h
  | e :: earlier, h => by
    cases e with
    | approve who digest proof wait =>
      cases in_snoc (list := standing earlier) h with
      | inl known => exact approved_later _ (standing_is_entered earlier known)
      | inr same =>
        subst same
        exact ⟨wait, Or.inl rfl⟩
    | revise who digest => exact False.elim h
    | edit who digest => exact False.elim h
    | resubmit who mode => exact False.elim h
    | undo => exact False.elim h
    | scan verdict allowlisted wait => exact approved_later _ (standing_is_entered earlier h)
    | reject who digest => exact approved_later _ (standing_is_entered earlier h)
    | cancel => exact approved_later _ (standing_is_entered earlier h)
    | expire => exact approved_later _ (standing_is_entered earlier h)
    | release => exact approved_later _ (standing_is_entered earlier h)
    | hand_off now => exact approved_later _ (standing_is_entered earlier h)
    | accepted => exact approved_later _ (standing_is_entered earlier h)
    | delivered => exact approved_later _ (standing_is_entered earlier h)
    | deferred => exact approved_later _ (standing_is_entered earlier h)
    | lost => exact approved_later _ (standing_is_entered earlier h)
    | failed => exact approved_later _ (standing_is_entered earlier h)
    | bounced => exact approved_later _ (standing_is_entered earlier h)

end Multimail

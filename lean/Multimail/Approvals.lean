/-
What an approval is worth: who is counted, who can decide, and what an edit does to approvals.
-/
import Multimail.Change

namespace Multimail

/-- `x` stands in the list. -/
def In {α : Type} (x : α) : List α → Prop
  | [] => False
  | y :: rest => x = y ∨ In x rest

/-- Nobody stands in the list twice. -/
def Distinct {α : Type} [DecidableEq α] : List α → Prop
  | [] => True
  | x :: rest => includes x rest = false ∧ Distinct rest

variable {N : Type} [DecidableEq N]

-- What `approvers` does with one approval.
theorem approvers_cases (passkey : Bool) (authors : List N) (digest : N) (a : Approval N) (rest : List (Approval N)) :
    ((counts passkey authors digest a = true ∧ includes a.who (approvers passkey authors digest rest) = false) ∧
      a.who :: approvers passkey authors digest rest = approvers passkey authors digest (a :: rest)) ∨
    (¬ (counts passkey authors digest a = true ∧ includes a.who (approvers passkey authors digest rest) = false) ∧
      approvers passkey authors digest rest = approvers passkey authors digest (a :: rest)) :=
  choice (show (if counts passkey authors digest a = true ∧ includes a.who (approvers passkey authors digest rest) = false
    then a.who :: approvers passkey authors digest rest
    else approvers passkey authors digest rest) = approvers passkey authors digest (a :: rest) from rfl)

theorem approvers_distinct (passkey : Bool) (authors : List N) (digest : N) :
    (approvals : List (Approval N)) → Distinct (approvers passkey authors digest approvals)
  | [] => True.intro
  | a :: rest =>
    have later := approvers_distinct passkey authors digest rest
    match approvers_cases passkey authors digest a rest with
    | Or.inl both =>
      Eq.mp (congrArg Distinct both.2)
        (show Distinct (a.who :: approvers passkey authors digest rest) from ⟨both.1.2, later⟩)
    | Or.inr both => Eq.mp (congrArg Distinct both.2) later

theorem approvers_count (passkey : Bool) (authors : List N) (digest p : N) :
    (approvals : List (Approval N)) → includes p (approvers passkey authors digest approvals) = true →
    ∃ a, In a approvals ∧ a.who = p ∧ counts passkey authors digest a = true
  | [], h => absurd_flag h
  | a :: rest, h =>
    have further : includes p (approvers passkey authors digest rest) = true →
        ∃ b, In b (a :: rest) ∧ b.who = p ∧ counts passkey authors digest b = true :=
      fun inRest =>
        match approvers_count passkey authors digest p rest inRest with
        | ⟨b, known, rest_⟩ => ⟨b, Or.inr known, rest_⟩
    match approvers_cases passkey authors digest a rest with
    | Or.inr both => further ((congrArg (includes p) both.2).trans h)
    | Or.inl both =>
      have first : (if p = a.who then true else includes p (approvers passkey authors digest rest)) = true :=
        (congrArg (includes p) both.2).trans h
      match choice first with
      | Or.inl same => ⟨a, Or.inl rfl, same.1.symm, both.1.1⟩
      | Or.inr other => further other.2

theorem counts_means {passkey : Bool} {authors : List N} {digest : N} {a : Approval N}
    (h : counts passkey authors digest a = true) :
    a.digest = digest ∧ isStrong passkey a.proof = true ∧ includes a.who authors = false :=
  flag_true h

/-- Where passkeys are asked for, only class A is strong. -/
theorem strong_is_passkey {proof : DecisionClass} (h : isStrong true proof = true) : proof = DecisionClass.A :=
  match choice h with
  | Or.inl both => absurd_flag both.2
  | Or.inr both => eq_of_not_ne (fun weak => both.1 ⟨rfl, weak⟩)

/-- **Approved means:** as many different principals as required, none of them an author, each with an approval of
exactly this digest, by passkey where passkeys are asked for. -/
theorem approved_means {m : Message N} (h : isApproved m = true) :
    ∃ people : List N, Distinct people ∧ Nat.ble m.required (size people) = true ∧
      ∀ p, includes p people = true →
        includes p m.authors = false ∧
        ∃ a, In a m.approvals ∧ a.who = p ∧ a.digest = m.digest ∧ (m.passkey = true → a.proof = DecisionClass.A) :=
  ⟨approvers m.passkey m.authors m.digest m.approvals, approvers_distinct _ _ _ _, h, fun p member =>
    match approvers_count m.passkey m.authors m.digest p m.approvals member with
    | ⟨a, known, who, valid⟩ =>
      have parts := counts_means valid
      ⟨(congrArg (fun q => includes q m.authors) who).symm.trans parts.2.2,
        ⟨a, known, who, parts.1, fun asked =>
          strong_is_passkey ((congrArg (fun b => isStrong b a.proof) asked).symm.trans parts.2.1)⟩⟩⟩

/-- An author is never counted, whatever approvals are there. -/
theorem no_author_counted (m : Message N) (digest p : N) (author : includes p m.authors = true) :
    includes p (approvers m.passkey m.authors digest m.approvals) = false :=
  match bool_cases (includes p (approvers m.passkey m.authors digest m.approvals)) with
  | Or.inr no => no
  | Or.inl yes =>
    match approvers_count m.passkey m.authors digest p m.approvals yes with
    | ⟨_, _, who, valid⟩ =>
      not_both author ((congrArg (fun q => includes q m.authors) who).symm.trans (counts_means valid).2.2)

/-- The three events by which somebody decides. -/
def decides (who : N) : Event N → Prop
  | Event.approve by_ _ _ _ => by_ = who
  | Event.reject by_ _ => by_ = who
  | Event.revise by_ _ => by_ = who
  | _ => False

/-- Whoever decides is no author. -/
theorem decider_is_no_author {m m' : Message N} {e : Event N} {who : N} (h : step m e = Except.ok m')
    (decision : decides who e) : includes who m.authors = false := by
  cases step_ok h with
  | approve_more was foreign fresh strong same => exact (congrArg (fun q => includes q m.authors) decision).symm.trans foreign
  | approve_done was foreign fresh strong enough next isNext same =>
    exact (congrArg (fun q => includes q m.authors) decision).symm.trans foreign
  | reject was foreign fresh same => exact (congrArg (fun q => includes q m.authors) decision).symm.trans foreign
  | revise was foreign fresh same => exact (congrArg (fun q => includes q m.authors) decision).symm.trans foreign
  | scan_block was same => exact False.elim decision
  | scan_gate was same => exact False.elim decision
  | scan_wait was gated same => exact False.elim decision
  | scan_pass was open_ calm same => exact False.elim decision
  | edit_open was unsent same => exact False.elim decision
  | edit_scheduled was unsent same => exact False.elim decision
  | resubmit was allowed same => exact False.elim decision
  | undo was same => exact False.elim decision
  | cancel was unsent same => exact False.elim decision
  | expire was same => exact False.elim decision
  | release_gate was same => exact False.elim decision
  | release_queue was enough same => exact False.elim decision
  | hand_off was exact_ running how => exact False.elim decision
  | accepted was same => exact False.elim decision
  | delivered was same => exact False.elim decision
  | deferred was same => exact False.elim decision
  | lost was same => exact False.elim decision
  | failed was same => exact False.elim decision
  | bounced was same => exact False.elim decision

-- What is not accepted is refused.
theorem refused {m : Message N} {e : Event N} (h : ∀ m', step m e = Except.ok m' → False) :
    ∃ r, step m e = Except.error r := by
  cases known : step m e with
  | error r => exact ⟨r, rfl⟩
  | ok m' => exact False.elim (h m' known)

/-- **No author decides:** an author's approval, rejection or request for revision is refused in every state. -/
theorem no_author_decides {m : Message N} {e : Event N} {who : N} (author : includes who m.authors = true)
    (decision : decides who e) : ∃ r, step m e = Except.error r :=
  refused (fun _ h => not_both author (decider_is_no_author h decision))

theorem includes_snoc {α : Type} [DecidableEq α] (x : α) : (list : List α) → includes x (snoc list x) = true
  | [] => if_yes rfl
  | y :: rest =>
    match decEq x y with
    | Decidable.isTrue e => if_yes e
    | Decidable.isFalse n => (if_no n).trans (includes_snoc x rest)

theorem includes_withAuthor (authors : List N) (who : N) : includes who (withAuthor authors who) = true :=
  match bool_cases (includes who authors) with
  | Or.inl t => (congrArg (includes who) (if_yes t)).trans t
  | Or.inr f => (congrArg (includes who) (if_no (fun t => not_both t f))).trans (includes_snoc who authors)

/-- **An edit voids approvals:** none is left, the content is the new one, and the editor is an author from now on. -/
theorem edit_voids_approvals {m m' : Message N} {who digest : N} (h : step m (Event.edit who digest) = Except.ok m') :
    m'.approvals = [] ∧ m'.digest = digest ∧ includes who m'.authors = true := by
  cases step_ok h with
  | edit_open was unsent same =>
    subst same
    exact ⟨rfl, rfl, includes_withAuthor m.authors who⟩
  | edit_scheduled was unsent same =>
    subst same
    exact ⟨rfl, rfl, includes_withAuthor m.authors who⟩

theorem not_approved_by_nobody {m : Message N} (none : m.approvals = []) (asked : Nat.ble 1 m.required = true) :
    isApproved m = false := by
  have counted : countApprovals m m.digest = 0 := congrArg (fun l => size (approvers m.passkey m.authors m.digest l)) none
  have same : isApproved m = Nat.ble m.required 0 := congrArg (Nat.ble m.required) counted
  cases known : m.required with
  | zero => exact absurd_flag ((congrArg (Nat.ble 1) known).symm.trans asked)
  | succ n => exact same.trans (congrArg (fun k => Nat.ble k 0) known)

/-- After an edit the gate is shut again, whatever had been approved. -/
theorem edit_shuts_the_gate {m m' : Message N} {who digest : N} (h : step m (Event.edit who digest) = Except.ok m')
    (asked : Nat.ble 1 m'.required = true) : isApproved m' = false :=
  not_approved_by_nobody (edit_voids_approvals h).1 asked

/-- The editor of a message cannot decide on it. -/
theorem editor_cannot_decide {m m' : Message N} {who digest : N} {e : Event N}
    (h : step m (Event.edit who digest) = Except.ok m') (decision : decides who e) :
    ∃ r, step m' e = Except.error r :=
  no_author_decides (edit_voids_approvals h).2.2 decision

/-- What has been handed to the wire once is never edited. -/
theorem handed_is_never_edited {m : Message N} {who digest : N} (handed : m.handed = true) :
    ∃ r, step m (Event.edit who digest) = Except.error r :=
  refused (fun m' h => by
    cases step_ok h with
    | edit_open was unsent same => exact not_both handed unsent
    | edit_scheduled was unsent same => exact not_both handed unsent)

end Multimail

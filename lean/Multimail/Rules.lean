/-
What never happens: leaving a final state, sending from read_only mailboxes, with test keys, to the suppressed, while the
operator is stopped, or under a mode that was lowered meanwhile.
-/
import Multimail.Gate

namespace Multimail

variable {N : Type} [DecidableEq N]

/-! ## Final states -/

theorem cancellable_is_open (s : Status) : cancellable s = true → absorbing s = false := by
  cases s <;> intro h <;> first | exact rfl | exact absurd_flag h

theorem cleared_is_open (s : Status) : cleared s = true → absorbing s = false := by
  cases s <;> intro h <;> first | exact rfl | exact absurd_flag h

/-- What an event is accepted in is no final state. -/
theorem accepted_only_in_open_states {m m' : Message N} {e : Event N} (h : step m e = Except.ok m') :
    absorbing m.status = false := by
  cases step_ok h with
  | scan_block was same => exact congrArg absorbing was
  | scan_gate was same => exact congrArg absorbing was
  | scan_wait was gated same => exact congrArg absorbing was
  | scan_pass was open_ calm same => exact congrArg absorbing was
  | approve_more was foreign fresh strong same => exact congrArg absorbing was
  | approve_done was foreign fresh strong enough next isNext same => exact congrArg absorbing was
  | reject was foreign fresh same => exact congrArg absorbing was
  | revise was foreign fresh same => exact congrArg absorbing was
  | edit_open was unsent same =>
    cases was with
    | inl known => exact congrArg absorbing known
    | inr known => exact congrArg absorbing known
  | edit_scheduled was unsent same => exact congrArg absorbing was
  | resubmit was allowed same => exact congrArg absorbing was
  | undo was same => exact congrArg absorbing was
  | cancel was unsent same => exact cancellable_is_open m.status was
  | expire was same => exact congrArg absorbing was
  | release_gate was same => exact congrArg absorbing was
  | release_queue was enough same => exact congrArg absorbing was
  | hand_off was exact_ running how => exact congrArg absorbing was
  | accepted was same => exact cleared_is_open m.status (onTheWire_cleared was)
  | delivered was same =>
    cases was with
    | inl known => exact cleared_is_open m.status (onTheWire_cleared known)
    | inr known => exact congrArg absorbing known
  | deferred was same => exact congrArg absorbing was
  | lost was same => exact congrArg absorbing was
  | failed was same => exact cleared_is_open m.status (onTheWire_cleared was)
  | bounced was same =>
    cases was with
    | inl known => exact congrArg absorbing known
    | inr known =>
      cases known with
      | inl sent => exact congrArg absorbing sent
      | inr delivered => exact congrArg absorbing delivered

/-- **Final states absorb:** what is rejected, cancelled, expired, blocked, suppressed, failed, bounced or sandboxed
refuses every event. -/
theorem absorbing_refuses_everything {m : Message N} (final : absorbing m.status = true) (e : Event N) :
    ∃ r, step m e = Except.error r :=
  refused (fun _ h => not_both final (accepted_only_in_open_states h))

/-- The message after an answer: a refusal leaves it as it was. -/
def after (m : Message N) : Step N → Message N
  | Except.ok m' => m'
  | Except.error _ => m

/-- The message after a list of events, the first one first. -/
def run (m : Message N) : List (Event N) → Message N
  | [] => m
  | e :: rest => run (after m (step m e)) rest

/-- A message in a final state is the same after any events. -/
theorem absorbing_stays {m : Message N} (final : absorbing m.status = true) : (events : List (Event N)) → run m events = m
  | [] => rfl
  | e :: rest =>
    match absorbing_refuses_everything final e with
    | ⟨_, h⟩ =>
      have same : after m (step m e) = m := congrArg (after m) h
      (congrArg (fun x => run x rest) same).trans (absorbing_stays final rest)

/-! ## The operator is stopped, nobody is left to write to, a test key -/

/-- **The kill switch closes:** while the operator is stopped every hand-off is refused, in every state. -/
theorem stopped_hands_nothing_off (m : Message N) {now : HandOff N} (stopped : now.stopped = true) :
    ∃ r, step m (Event.hand_off now) = Except.error r :=
  refused (fun m' h => by
    cases step_ok h with
    | hand_off was exact_ running how => exact not_both stopped running)

/-- **To the suppressed nothing is sent:** such a hand-off never sends. -/
theorem suppressed_never_sends {m m' : Message N} {now : HandOff N} (h : step m (Event.hand_off now) = Except.ok m')
    (suppressed : now.suppressed = true) : m'.status ≠ Status.sending :=
  fun sends => not_both suppressed (hand_off_sends h sends).2.2.1

theorem test_is_kept {m m' : Message N} {e : Event N} (c : Change m e m') : m'.test = m.test := by
  cases c with
  | scan_block was same => subst same; exact rfl
  | scan_gate was same => subst same; exact rfl
  | scan_wait was gated same => subst same; exact rfl
  | scan_pass was open_ calm same => subst same; exact rfl
  | approve_more was foreign fresh strong same => subst same; exact rfl
  | approve_done was foreign fresh strong enough next isNext same => subst same; exact rfl
  | reject was foreign fresh same => subst same; exact rfl
  | revise was foreign fresh same => subst same; exact rfl
  | edit_open was unsent same => subst same; exact rfl
  | edit_scheduled was unsent same => subst same; exact rfl
  | resubmit was allowed same => subst same; exact rfl
  | undo was same => subst same; exact rfl
  | cancel was unsent same => subst same; exact rfl
  | expire was same => subst same; exact rfl
  | release_gate was same => subst same; exact rfl
  | release_queue was enough same => subst same; exact rfl
  | hand_off was exact_ running how =>
    cases how with
    | blocked same => subst same; exact rfl
    | held same => subst same; exact rfl
    | suppressed same => subst same; exact rfl
    | sandboxed same => subst same; exact rfl
    | sending allowed unblocked approved deliverable live same => subst same; exact rfl
  | accepted was same => subst same; exact rfl
  | delivered was same => subst same; exact rfl
  | deferred was same => subst same; exact rfl
  | lost was same => subst same; exact rfl
  | failed was same => subst same; exact rfl
  | bounced was same => subst same; exact rfl

-- What has not been handed off is not on the wire.
theorem unsent_off_the_wire {m : Message N} {P : Prop} (wire : onTheWire m = true) (in_ : out m.status = false)
    (unsent : m.handed = false) : P :=
  match onTheWire_means wire with
  | Or.inl e => not_both (congrArg out e) in_
  | Or.inr e => not_both e.2 unsent

-- What is not out stays in, but for a hand-off of what is no test.
theorem stays_in {m m' : Message N} {e : Event N} (before : out m.status = false ∧ m.handed = false)
    (c : Change m e m') :
    (out m'.status = false ∧ m'.handed = false) ∨ (m.test = false ∧ ∃ now, e = Event.hand_off now) := by
  cases c with
  | scan_block was same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | scan_gate was same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | scan_wait was gated same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | scan_pass was open_ calm same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | approve_more was foreign fresh strong same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | approve_done was foreign fresh strong enough next isNext same =>
    subst same
    cases isNext with
    | inl known => exact Or.inl ⟨congrArg out known, before.2⟩
    | inr known => exact Or.inl ⟨congrArg out known, before.2⟩
  | reject was foreign fresh same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | revise was foreign fresh same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | edit_open was unsent same => subst same; exact Or.inl before
  | edit_scheduled was unsent same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | resubmit was allowed same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | undo was same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | cancel was unsent same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | expire was same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | release_gate was same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | release_queue was enough same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | hand_off was exact_ running how =>
    cases how with
    | blocked same => subst same; exact Or.inl ⟨rfl, before.2⟩
    | held same => subst same; exact Or.inl ⟨rfl, before.2⟩
    | suppressed same => subst same; exact Or.inl ⟨rfl, before.2⟩
    | sandboxed same => subst same; exact Or.inl ⟨rfl, before.2⟩
    | sending allowed unblocked approved deliverable live same => exact Or.inr ⟨live, ⟨_, rfl⟩⟩
  | accepted was same => exact unsent_off_the_wire was before.1 before.2
  | delivered was same =>
    cases was with
    | inl known => exact unsent_off_the_wire known before.1 before.2
    | inr known => exact not_both (congrArg out known) before.1
  | deferred was same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | lost was same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | failed was same => subst same; exact Or.inl ⟨rfl, before.2⟩
  | bounced was same => subst same; exact Or.inl ⟨rfl, before.2⟩

/-- **Test keys never send:** in no life of a message of a test key is it on its way, sent or delivered. -/
theorem test_never_sends {s : Submission N} {log : List (Event N)} {m : Message N} (life : Reachable s log m)
    (test : s.test = true) : out m.status = false ∧ m.handed = false :=
  (always (P := fun m => m.test = true ∧ out m.status = false ∧ m.handed = false)
    (fun m begun => by
      have same := (submitted_is begun).2
      subst same
      exact ⟨test, rfl, rfl⟩)
    (fun m m' e before c =>
      ⟨(test_is_kept c).trans before.1,
        match stays_in before.2 c with
        | Or.inl inside => inside
        | Or.inr both => not_both before.1 both.1⟩) life).2

/-- **Nothing is sent but by a hand-off:** what is sending, sent, delivered or was ever on the wire has a hand-off in its
log. -/
theorem sent_was_handed_off {s : Submission N} {log : List (Event N)} {m : Message N} (life : Reachable s log m) :
    (out m.status = false ∧ m.handed = false) ∨ ∃ now, In (Event.hand_off now) log := by
  induction life with
  | submitted begun =>
    have same := (submitted_is begun).2
    subst same
    exact Or.inl ⟨rfl, rfl⟩
  | stepped before h ih =>
    cases ih with
    | inr known =>
      cases known with
      | intro now entry => exact Or.inr ⟨now, Or.inr entry⟩
    | inl inside =>
      cases stays_in inside (step_ok h) with
      | inl still => exact Or.inl still
      | inr both =>
        cases both.2 with
        | intro now same => exact Or.inr ⟨now, Or.inl same.symm⟩

/-! ## Modes -/

/-- Nothing is submitted from a mailbox that is read_only. -/
theorem read_only_submits_nothing {s : Submission N} (readOnly : s.mode = Mode.read_only) :
    ∃ r, submit s = Except.error r :=
  ⟨Refusal.mode_forbids_send, if_yes (congrArg maySubmit readOnly)⟩

theorem stricter_read_only_left (b : Mode) : maySubmit (stricter Mode.read_only b) = false := by
  cases b <;> exact rfl

theorem stricter_read_only_right (a : Mode) : maySubmit (stricter a Mode.read_only) = false := by
  cases a <;> exact rfl

/-- **read_only never sends:** neither a mailbox that was read_only at submission nor one that is at hand-off. -/
theorem read_only_never_sends {m m' : Message N} {now : HandOff N} (h : step m (Event.hand_off now) = Except.ok m')
    (readOnly : m.mode = Mode.read_only ∨ now.mode = Mode.read_only) : m'.status ≠ Status.sending :=
  fun sends =>
    have allowed := (hand_off_sends h sends).2.2.2.2.2.1
    match readOnly with
    | Or.inl e =>
      not_both ((congrArg (fun a => maySubmit (stricter a now.mode)) e).symm.trans allowed)
        (stricter_read_only_left now.mode)
    | Or.inr e =>
      not_both ((congrArg (fun b => maySubmit (stricter m.mode b)) e).symm.trans allowed)
        (stricter_read_only_right m.mode)

/-- What the first of two modes gates, the stricter of them gates. -/
theorem stricter_gates_left (a b : Mode) (allowlisted : Bool) (h : gates a allowlisted = true) :
    gates (stricter a b) allowlisted = true := by
  cases a <;> cases b <;> cases allowlisted <;> first | exact rfl | exact absurd_flag h

/-- What the second of two modes gates, the stricter of them gates. -/
theorem stricter_gates_right (a b : Mode) (allowlisted : Bool) (h : gates b allowlisted = true) :
    gates (stricter a b) allowlisted = true := by
  cases a <;> cases b <;> cases allowlisted <;> first | exact rfl | exact absurd_flag h

/-- **A lowered mode binds mail that waits, a raised one frees none:** if the mailbox gates now, or gated when the
message was submitted, a hand-off sends only what is approved, whatever state and approvals it had till then. -/
theorem either_mode_binds {m m' : Message N} {now : HandOff N} (h : step m (Event.hand_off now) = Except.ok m')
    (sends : m'.status = Status.sending)
    (gated : gates m.mode now.allowlisted = true ∨ gates now.mode now.allowlisted = true) :
    isApproved m' = true ∧ m'.gated = true ∧ m'.digest = now.digest :=
  have stricterGates : gates (stricter m.mode now.mode) now.allowlisted = true :=
    match gated with
    | Or.inl g => stricter_gates_left m.mode now.mode now.allowlisted g
    | Or.inr g => stricter_gates_right m.mode now.mode now.allowlisted g
  have met := gated_hand_off_is_approved h sends (Or.inr (Or.inr stricterGates))
  ⟨met.1, met.2.1, met.2.2.1⟩

/-- Under gated_all nothing is sent without approvals, allowlisted or not. -/
theorem gated_all_binds {m m' : Message N} {now : HandOff N} (h : step m (Event.hand_off now) = Except.ok m')
    (sends : m'.status = Status.sending) (mode : m.mode = Mode.gated_all ∨ now.mode = Mode.gated_all) :
    isApproved m' = true ∧ m'.gated = true ∧ m'.digest = now.digest :=
  either_mode_binds h sends
    (match mode with
      | Or.inl e => Or.inl (congrArg (fun a => gates a now.allowlisted) e)
      | Or.inr e => Or.inr (congrArg (fun a => gates a now.allowlisted) e))

theorem mode_kept {s : Submission N} {m m' : Message N} {e : Event N} {allowlisted : Bool}
    (before : gates s.mode allowlisted = true → gates m.mode allowlisted = true) (c : Change m e m') :
    gates s.mode allowlisted = true → gates m'.mode allowlisted = true := by
  cases c with
  | resubmit was allowed same =>
    subst same
    exact fun g => stricter_gates_left m.mode _ allowlisted (before g)
  | hand_off was exact_ running how =>
    cases how with
    | blocked same => subst same; exact before
    | held same => subst same; exact before
    | suppressed same => subst same; exact before
    | sandboxed same => subst same; exact before
    | sending allowed unblocked approved deliverable live same => subst same; exact before
  | scan_block was same => subst same; exact before
  | scan_gate was same => subst same; exact before
  | scan_wait was gated same => subst same; exact before
  | scan_pass was open_ calm same => subst same; exact before
  | approve_more was foreign fresh strong same => subst same; exact before
  | approve_done was foreign fresh strong enough next isNext same => subst same; exact before
  | reject was foreign fresh same => subst same; exact before
  | revise was foreign fresh same => subst same; exact before
  | edit_open was unsent same => subst same; exact before
  | edit_scheduled was unsent same => subst same; exact before
  | undo was same => subst same; exact before
  | cancel was unsent same => subst same; exact before
  | expire was same => subst same; exact before
  | release_gate was same => subst same; exact before
  | release_queue was enough same => subst same; exact before
  | accepted was same => subst same; exact before
  | delivered was same => subst same; exact before
  | deferred was same => subst same; exact before
  | lost was same => subst same; exact before
  | failed was same => subst same; exact before
  | bounced was same => subst same; exact before

/-- No event frees a message of the gate that its mailbox had at submission. -/
theorem submission_mode_binds {s : Submission N} {log : List (Event N)} {m : Message N} (life : Reachable s log m)
    (allowlisted : Bool) : gates s.mode allowlisted = true → gates m.mode allowlisted = true :=
  always (P := fun m => gates s.mode allowlisted = true → gates m.mode allowlisted = true)
    (fun m begun g => by
      have same := (submitted_is begun).2
      subst same
      exact g)
    (fun m m' e before c => mode_kept before c) life

/-- **The gate, whole:** in every life, if the mailbox gated at submission or gates at the hand-off, what is sent was
approved, by entries of the log before the hand-off, by as many different principals as required, none of them an author,
each for exactly the digest that is sent, and by passkey where that is asked for. -/
theorem gated_mailbox_never_sends_unapproved {s : Submission N} {log : List (Event N)} {now : HandOff N}
    {m' : Message N} (life : Reachable s (Event.hand_off now :: log) m') (sends : m'.status = Status.sending)
    (gated : gates s.mode now.allowlisted = true ∨ gates now.mode now.allowlisted = true) :
    ∃ people : List N, Distinct people ∧ Nat.ble m'.required (size people) = true ∧
      ∀ p, includes p people = true → includes p m'.authors = false ∧
        ∃ proof, Approved p now.digest proof log ∧ (m'.passkey = true → proof = DecisionClass.A) :=
  match last_step life with
  | ⟨_, before, h⟩ =>
    match gated with
    | Or.inl g =>
      have then_ := submission_mode_binds before now.allowlisted g
      gated_hand_off_was_approved_before life sends (either_mode_binds h sends (Or.inl then_)).2.1
    | Or.inr g => gated_hand_off_was_approved_before life sends (either_mode_binds h sends (Or.inr g)).2.1

/-! ## What can only grow -/

/-- The quorum of a message never falls. -/
theorem quorum_never_falls {m m' : Message N} {e : Event N} (h : step m e = Except.ok m') :
    Nat.ble m.required m'.required = true := by
  cases step_ok h with
  | hand_off was exact_ running how =>
    cases how with
    | blocked same => subst same; exact ble_refl m.required
    | held same => subst same; exact greater_left m.required _
    | suppressed same => subst same; exact greater_left m.required _
    | sandboxed same => subst same; exact greater_left m.required _
    | sending allowed unblocked approved deliverable live same => subst same; exact greater_left m.required _
  | scan_block was same => subst same; exact ble_refl m.required
  | scan_gate was same => subst same; exact ble_refl m.required
  | scan_wait was gated same => subst same; exact ble_refl m.required
  | scan_pass was open_ calm same => subst same; exact ble_refl m.required
  | approve_more was foreign fresh strong same => subst same; exact ble_refl m.required
  | approve_done was foreign fresh strong enough next isNext same => subst same; exact ble_refl m.required
  | reject was foreign fresh same => subst same; exact ble_refl m.required
  | revise was foreign fresh same => subst same; exact ble_refl m.required
  | edit_open was unsent same => subst same; exact ble_refl m.required
  | edit_scheduled was unsent same => subst same; exact ble_refl m.required
  | resubmit was allowed same => subst same; exact ble_refl m.required
  | undo was same => subst same; exact ble_refl m.required
  | cancel was unsent same => subst same; exact ble_refl m.required
  | expire was same => subst same; exact ble_refl m.required
  | release_gate was same => subst same; exact ble_refl m.required
  | release_queue was enough same => subst same; exact ble_refl m.required
  | accepted was same => subst same; exact ble_refl m.required
  | delivered was same => subst same; exact ble_refl m.required
  | deferred was same => subst same; exact ble_refl m.required
  | lost was same => subst same; exact ble_refl m.required
  | failed was same => subst same; exact ble_refl m.required
  | bounced was same => subst same; exact ble_refl m.required

theorem includes_snoc_old {α : Type} [DecidableEq α] (x y : α) :
    (list : List α) → includes x list = true → includes x (snoc list y) = true
  | [], h => absurd_flag h
  | z :: rest, h =>
    match decEq x z with
    | Decidable.isTrue e => if_yes e
    | Decidable.isFalse n =>
      have inRest : includes x rest = true := (if_no n).symm.trans h
      (if_no n).trans (includes_snoc_old x y rest inRest)

theorem includes_withAuthor_old (p who : N) (authors : List N) (h : includes p authors = true) :
    includes p (withAuthor authors who) = true :=
  match bool_cases (includes who authors) with
  | Or.inl t => (congrArg (includes p) (if_yes t)).trans h
  | Or.inr f => (congrArg (includes p) (if_no (fun t => not_both t f))).trans (includes_snoc_old p who authors h)

/-- Once an author, always an author: with `no_author_counted` and `no_author_decides`, whoever wrote or edited a message
at any time neither decides on it nor is counted. -/
theorem authors_stay {m m' : Message N} {e : Event N} {p : N} (h : step m e = Except.ok m')
    (author : includes p m.authors = true) : includes p m'.authors = true := by
  cases step_ok h with
  | edit_open was unsent same => subst same; exact includes_withAuthor_old p _ m.authors author
  | edit_scheduled was unsent same => subst same; exact includes_withAuthor_old p _ m.authors author
  | resubmit was allowed same => subst same; exact includes_withAuthor_old p _ m.authors author
  | hand_off was exact_ running how =>
    cases how with
    | blocked same => subst same; exact author
    | held same => subst same; exact author
    | suppressed same => subst same; exact author
    | sandboxed same => subst same; exact author
    | sending allowed unblocked approved deliverable live same => subst same; exact author
  | scan_block was same => subst same; exact author
  | scan_gate was same => subst same; exact author
  | scan_wait was gated same => subst same; exact author
  | scan_pass was open_ calm same => subst same; exact author
  | approve_more was foreign fresh strong same => subst same; exact author
  | approve_done was foreign fresh strong enough next isNext same => subst same; exact author
  | reject was foreign fresh same => subst same; exact author
  | revise was foreign fresh same => subst same; exact author
  | undo was same => subst same; exact author
  | cancel was unsent same => subst same; exact author
  | expire was same => subst same; exact author
  | release_gate was same => subst same; exact author
  | release_queue was enough same => subst same; exact author
  | accepted was same => subst same; exact author
  | delivered was same => subst same; exact author
  | deferred was same => subst same; exact author
  | lost was same => subst same; exact author
  | failed was same => subst same; exact author
  | bounced was same => subst same; exact author

end Multimail

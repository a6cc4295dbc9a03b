/-
The loop of RFC 9162 that `verifyConsistency` of `src/audit/tree.ts` runs: it climbs the old tree and the new one at once.
-/
import Multimail.InclusionLoop

namespace Multimail

variable {Entry Digest : Type}

/-- Skips the levels at which the old tree's right edge is the right one of a pair. `fuel` of `fn` or more is enough. -/
def skipOdd : Nat → Nat → Nat → Nat × Nat
  | Nat.zero, fn, sn => (fn, sn)
  | Nat.succ fuel, fn, sn => if isOdd fn = true then skipOdd fuel (half fn) (half sn) else (fn, sn)

/-- The loop over the proof: `fn` is the last node of the old tree's layer, `sn` that of the new one's. -/
def climbBoth (node : Digest → Digest → Digest) :
    List Digest → Nat → Nat → Digest → Digest → Option (Digest × Digest)
  | [], _, sn, old, young => if sn = 0 then some (old, young) else none
  | sibling :: proof, fn, sn, old, young =>
    if sn = 0 then none
    else if isOdd fn = true ∨ fn = sn then
      climbBoth node proof (half (dropRightEdge fn fn sn).1) (half (dropRightEdge fn fn sn).2)
        (node sibling old) (node sibling young)
    else climbBoth node proof (half fn) (half sn) old (node young sibling)

/-- Begins with the old root where it is a subtree of the new tree (`fn` is 0), else with the proof's first hash. -/
def climbFrom (node : Digest → Digest → Digest) (root₁ : Digest) (at_ : Nat × Nat) :
    List Digest → Option (Digest × Digest)
  | [] => none
  | first :: rest =>
    if at_.1 = 0 then climbBoth node (first :: rest) at_.1 at_.2 root₁ root₁
    else climbBoth node rest at_.1 at_.2 first first

/-- `verifyConsistency` as the code runs it. -/
def verifyConsistencyByLoop (H : Hash Entry Digest) (m n : Nat) (proof : List Digest) (root₁ root₂ : Digest) : Prop :=
  Nat.ble 1 m = true ∧ Nat.ble m n = true ∧
    ((m = n ∧ proof = [] ∧ root₁ = root₂) ∨
      (¬ m = n ∧ climbFrom H.node root₁ (skipOdd (minus m 1) (minus m 1) (minus n 1)) proof = some (root₁, root₂)))

theorem half_below : (n : Nat) → Nat.ble (half (Nat.succ n)) n = true
  | Nat.zero => rfl
  | Nat.succ n => half_le n

/-- The fuel that `skipOdd` is given is enough: it ends at an even number, as the code's loop does. -/
theorem skip_ends_even : (fuel fn sn : Nat) → Nat.ble fn fuel = true → isOdd (skipOdd fuel fn sn).1 = false
  | Nat.zero, Nat.zero, _, _ => rfl
  | Nat.zero, Nat.succ _, _, fits => absurd_flag fits
  | Nat.succ fuel, Nat.zero, sn, _ => rfl
  | Nat.succ fuel, Nat.succ n, sn, fits =>
    match bool_cases (isOdd (Nat.succ n)) with
    | Or.inr even =>
      have stays : skipOdd (Nat.succ fuel) (Nat.succ n) sn = (Nat.succ n, sn) := if_no (fun t => not_both t even)
      (congrArg (fun p => isOdd (Prod.fst p)) stays).trans even
    | Or.inl odd =>
      have goes : skipOdd (Nat.succ fuel) (Nat.succ n) sn = skipOdd fuel (half (Nat.succ n)) (half sn) := if_yes odd
      have less : Nat.ble n fuel = true := fits
      (congrArg (fun p => isOdd (Prod.fst p)) goes).trans
        (skip_ends_even fuel (half (Nat.succ n)) (half sn) (ble_trans (half_below n) less))

/-! ## Equal beginnings of two layers, from those above -/

theorem cons_same {α : Type} {x y : α} {xs ys : List α} (h : x :: xs = y :: ys) : x = y ∧ xs = ys := by
  injection h with e e'
  exact ⟨e, e'⟩

theorem cons_congr {α : Type} {x y : α} {xs ys : List α} (h : x = y) (h' : xs = ys) : x :: xs = y :: ys :=
  (congrArg (fun z => z :: xs) h).trans (congrArg (List.cons y) h')

theorem unpair {H : Hash Entry Digest} (safe : NoCollisions H) : (k : Nat) → (xs ys : List Digest) →
    Nat.ble (double k) (size xs) = true → Nat.ble (double k) (size ys) = true →
    take k (pairUp H.node xs) = take k (pairUp H.node ys) → take (double k) xs = take (double k) ys
  | Nat.zero, _, _, _, _, _ => rfl
  | Nat.succ _, [], _, fits, _, _ => absurd_flag fits
  | Nat.succ _, [_], _, fits, _, _ => absurd_flag fits
  | Nat.succ _, _ :: _ :: _, [], _, fits, _ => absurd_flag fits
  | Nat.succ _, _ :: _ :: _, [_], _, fits, _ => absurd_flag fits
  | Nat.succ k, a :: b :: xs, c :: d :: ys, fits, fits', h =>
    have both := cons_same h
    have nodes := safe.node_injective a b c d both.1
    cons_congr nodes.1 (cons_congr nodes.2 (unpair safe k xs ys fits fits' both.2))

theorem double_half_even : (n : Nat) → isOdd n = false → double (half n) = n
  | Nat.zero, _ => rfl
  | Nat.succ Nat.zero, even => absurd_flag even.symm
  | Nat.succ (Nat.succ n), even => congrArg (fun k => Nat.succ (Nat.succ k)) (double_half_even n even)

theorem double_half_odd : (n : Nat) → isOdd n = true → double (Nat.succ (half n)) = Nat.succ n
  | Nat.zero, odd => absurd_flag odd
  | Nat.succ Nat.zero, _ => rfl
  | Nat.succ (Nat.succ n), odd => congrArg (fun k => Nat.succ (Nat.succ k)) (double_half_odd n odd)

-- Below an even number, equal pairs mean equal nodes.
theorem unpair_even {H : Hash Entry Digest} (safe : NoCollisions H) {n : Nat} {xs ys : List Digest}
    (even : isOdd n = false) (fits : Nat.ble n (size xs) = true) (fits' : Nat.ble n (size ys) = true)
    (h : take (half n) (pairUp H.node xs) = take (half n) (pairUp H.node ys)) : take n xs = take n ys :=
  have same := double_half_even n even
  have down := unpair safe (half n) xs ys ((congrArg (fun k => Nat.ble k (size xs)) same).trans fits)
    ((congrArg (fun k => Nat.ble k (size ys)) same).trans fits') h
  (congrArg (fun k => take k xs) same).symm.trans (down.trans (congrArg (fun k => take k ys) same))

-- Below and at an odd number: equal pairs, and a last pair with one left node, mean equal nodes below.
theorem unpair_odd {H : Hash Entry Digest} (safe : NoCollisions H) {sibling old young : Digest} : (n : Nat) →
    (xs ys : List Digest) → isOdd n = true → Nat.ble (Nat.succ n) (size xs) = true →
    Nat.ble (Nat.succ n) (size ys) = true →
    take (half n) (pairUp H.node xs) = take (half n) (pairUp H.node ys) →
    nth (pairUp H.node xs) (half n) = some (H.node sibling old) →
    nth (pairUp H.node ys) (half n) = some (H.node sibling young) →
    take n xs = take n ys ∧ nth xs n = some old ∧ nth ys n = some young
  | Nat.zero, _, _, odd, _, _, _, _, _ => absurd_flag odd
  | Nat.succ _, [], _, _, fits, _, _, _, _ => absurd_flag fits
  | Nat.succ Nat.zero, [_], _, _, fits, _, _, _, _ => absurd_flag fits
  | Nat.succ (Nat.succ _), [_], _, _, fits, _, _, _, _ => absurd_flag fits
  | Nat.succ _, _ :: _ :: _, [], _, _, fits, _, _, _ => absurd_flag fits
  | Nat.succ Nat.zero, _ :: _ :: _, [_], _, _, fits, _, _, _ => absurd_flag fits
  | Nat.succ (Nat.succ _), _ :: _ :: _, [_], _, _, fits, _, _, _ => absurd_flag fits
  | Nat.succ Nat.zero, a :: b :: _, c :: d :: _, _, _, _, _, h, h' =>
    have left := safe.node_injective a b sibling old (some_same h)
    have right := safe.node_injective c d sibling young (some_same h')
    ⟨cons_congr (left.1.trans right.1.symm) rfl, congrArg some left.2, congrArg some right.2⟩
  | Nat.succ (Nat.succ n), a :: b :: xs, c :: d :: ys, odd, fits, fits', same, h, h' =>
    have both := cons_same same
    have nodes := safe.node_injective a b c d both.1
    have further := unpair_odd safe n xs ys odd fits fits' both.2 h h'
    ⟨cons_congr nodes.1 (cons_congr nodes.2 further.1), further.2.1, further.2.2⟩

/-! ## The loop is sound -/

/-- What the loop shows of two layers: the same up to `fn`, and there the two nodes. -/
def Agree (fn : Nat) (olds youngs : List Digest) (old young : Digest) : Prop :=
  take fn olds = take fn youngs ∧ nth olds fn = some old ∧ nth youngs fn = some young

def ClimbsBoth (H : Hash Entry Digest) (proof : List Digest) : Prop :=
  ∀ (fn sn : Nat) (old young : Digest) (olds youngs : List Digest), size olds = Nat.succ fn →
    size youngs = Nat.succ sn → Nat.ble fn sn = true →
    climbBoth H.node proof fn sn old young = some (layerRoot H olds, layerRoot H youngs) →
    Agree fn olds youngs old young

theorem roots_above (H : Hash Entry Digest) (olds youngs : List Digest) :
    some (layerRoot H olds, layerRoot H youngs)
      = some (layerRoot H (pairUp H.node olds), layerRoot H (pairUp H.node youngs)) :=
  pairs (pairUp_keeps_root H olds) (pairUp_keeps_root H youngs)

theorem both_odd {H : Hash Entry Digest} (safe : NoCollisions H) {proof : List Digest} (later : ClimbsBoth H proof)
    {fn sn : Nat} {sibling old young : Digest} {olds youngs : List Digest} (sized : size olds = Nat.succ fn)
    (sized' : size youngs = Nat.succ sn) (within : Nat.ble fn sn = true) (odd : isOdd fn = true)
    (h : climbBoth H.node proof (half fn) (half sn) (H.node sibling old) (H.node sibling young)
      = some (layerRoot H olds, layerRoot H youngs)) : Agree fn olds youngs old young :=
  have up := later (half fn) (half sn) (H.node sibling old) (H.node sibling young) (pairUp H.node olds)
    (pairUp H.node youngs) (size_above H.node sized) (size_above H.node sized') (half_mono within)
    (h.trans (roots_above H olds youngs))
  unpair_odd safe fn olds youngs odd ((congrArg (Nat.ble (Nat.succ fn)) sized).trans (ble_refl fn))
    ((congrArg (Nat.ble (Nat.succ fn)) sized').trans within) up.1 up.2.1 up.2.2

theorem both_even {H : Hash Entry Digest} (safe : NoCollisions H) {proof : List Digest} (later : ClimbsBoth H proof)
    {fn sn : Nat} {sibling old young : Digest} {olds youngs : List Digest} (sized : size olds = Nat.succ fn)
    (sized' : size youngs = Nat.succ sn) (within : Nat.ble (Nat.succ fn) sn = true) (even : isOdd fn = false)
    (h : climbBoth H.node proof (half fn) (half sn) old (H.node young sibling)
      = some (layerRoot H olds, layerRoot H youngs)) : Agree fn olds youngs old young :=
  have up := later (half fn) (half sn) old (H.node young sibling) (pairUp H.node olds) (pairUp H.node youngs)
    (size_above H.node sized) (size_above H.node sized') (half_mono (ble_of_lt within))
    (h.trans (roots_above H olds youngs))
  have fits : Nat.ble fn (size olds) = true := (congrArg (Nat.ble fn) sized).trans (ble_succ fn)
  have inside : Nat.ble (Nat.succ (Nat.succ fn)) (size youngs) = true :=
    (congrArg (Nat.ble (Nat.succ (Nat.succ fn))) sized').trans within
  have first := unpair_even safe even fits (ble_of_lt (ble_of_lt inside)) up.1
  have last := (last_rises fn olds even sized).symm.trans up.2.1
  match above_even fn youngs even inside up.2.2 with
  | ⟨a, b, joins, is⟩ => ⟨first, last, is.trans (congrArg some (safe.node_injective _ _ _ _ joins).1.symm)⟩

-- `drop_edge` for two layers of one size: what is equal below the end of the skipping is equal below its start.
theorem drop_edges {H : Hash Entry Digest} (safe : NoCollisions H) : (fuel n : Nat) → (olds youngs : List Digest) →
    size olds = Nat.succ n → size youngs = Nat.succ n → ¬ n = 0 → Nat.ble n fuel = true →
    ∃ f olds' youngs', dropRightEdge fuel n n = (f, f) ∧ isOdd f = true ∧ size olds' = Nat.succ f ∧
      size youngs' = Nat.succ f ∧
      some (layerRoot H olds, layerRoot H youngs) = some (layerRoot H olds', layerRoot H youngs') ∧
      (∀ old young, Agree f olds' youngs' old young → Agree n olds youngs old young)
  | Nat.zero, Nat.zero, _, _, _, _, some_, _ => absurd rfl some_
  | Nat.zero, Nat.succ _, _, _, _, _, _, fits => absurd_flag fits
  | Nat.succ fuel, n, olds, youngs, sized, sized', some_, fits =>
    match bool_cases (isOdd n) with
    | Or.inl odd =>
      ⟨n, olds, youngs, drop_odd odd (Nat.succ fuel), odd, sized, sized', rfl, fun _ _ agree => agree⟩
    | Or.inr even =>
      match drop_edges safe fuel (half n) (pairUp H.node olds) (pairUp H.node youngs) (size_above H.node sized)
          (size_above H.node sized') (half_pos n even some_) (half_fits n fuel even some_ fits) with
      | ⟨f, olds', youngs', ends, odd, sizes, sizes', roots, agree⟩ =>
        have stays : ¬ (isOdd n = true ∨ n = 0) := fun h =>
          match h with
          | Or.inl t => not_both t even
          | Or.inr z => some_ z
        have whole : dropRightEdge (Nat.succ fuel) n n = (f, f) := (if_no stays).trans ends
        ⟨f, olds', youngs', whole, odd, sizes, sizes', (roots_above H olds youngs).trans roots,
          fun old young above =>
            have below := agree old young above
            ⟨unpair_even safe even ((congrArg (Nat.ble n) sized).trans (ble_succ n))
                ((congrArg (Nat.ble n) sized').trans (ble_succ n)) below.1,
              (last_rises n olds even sized).symm.trans below.2.1,
              (last_rises n youngs even sized').symm.trans below.2.2⟩⟩

theorem both_edge {H : Hash Entry Digest} (safe : NoCollisions H) {proof : List Digest} (later : ClimbsBoth H proof)
    {n : Nat} {sibling old young : Digest} {olds youngs : List Digest} (sized : size olds = Nat.succ n)
    (sized' : size youngs = Nat.succ n) (some_ : ¬ n = 0)
    (h : climbBoth H.node proof (half (dropRightEdge n n n).1) (half (dropRightEdge n n n).2)
      (H.node sibling old) (H.node sibling young) = some (layerRoot H olds, layerRoot H youngs)) :
    Agree n olds youngs old young :=
  match drop_edges safe n n olds youngs sized sized' some_ (ble_refl n) with
  | ⟨f, olds', youngs', ends, odd, sizes, sizes', roots, agree⟩ =>
    have h' : climbBoth H.node proof (half f) (half f) (H.node sibling old) (H.node sibling young)
        = some (layerRoot H olds', layerRoot H youngs') :=
      (congrArg (fun pair => climbBoth H.node proof (half (Prod.fst pair)) (half (Prod.snd pair))
        (H.node sibling old) (H.node sibling young)) ends).symm.trans (h.trans roots)
    agree old young (both_odd safe later sizes sizes' (ble_refl f) odd h')

theorem both_sound {H : Hash Entry Digest} (safe : NoCollisions H) : (proof : List Digest) → ClimbsBoth H proof
  | [], fn, sn, old, young, olds, youngs, sized, sized', within, h =>
    match choice h with
    | Or.inr both => nothing both.2
    | Or.inl both =>
      have start := at_most_zero fn ((congrArg (Nat.ble fn) both.1).symm.trans within)
      have same := some_same both.2
      ⟨(congrArg (fun k => take k olds) start).trans (congrArg (fun k => take k youngs) start).symm,
        climb_of_one H olds (sized.trans (congrArg Nat.succ start)) start (congrArg Prod.fst same),
        climb_of_one H youngs (sized'.trans (congrArg Nat.succ both.1)) start (congrArg Prod.snd same)⟩
  | sibling :: proof, fn, sn, old, young, olds, youngs, sized, sized', within, h =>
    have later := both_sound safe proof
    match choice h with
    | Or.inl both => nothing both.2
    | Or.inr both =>
      match choice both.2 with
      | Or.inr even =>
        both_even safe later sized sized' (lt_of_ble_ne within (fun e => even.1 (Or.inr e)))
          (false_of_not_true (fun t => even.1 (Or.inl t))) even.2
      | Or.inl odd =>
        match bool_cases (isOdd fn) with
        | Or.inl t =>
          have h' : climbBoth H.node proof (half fn) (half sn) (H.node sibling old) (H.node sibling young)
              = some (layerRoot H olds, layerRoot H youngs) :=
            (congrArg (fun pair => climbBoth H.node proof (half (Prod.fst pair)) (half (Prod.snd pair))
              (H.node sibling old) (H.node sibling young)) (drop_odd (sn := sn) t fn)).symm.trans odd.2
          both_odd safe later sized sized' within t h'
        | Or.inr f =>
          match odd.1 with
          | Or.inl t => not_both t f
          | Or.inr same => by
            subst same
            exact both_edge safe later sized sized' both.1 odd.2

theorem take_one_more {α : Type} {x : α} : (n : Nat) → (xs ys : List α) → take n xs = take n ys → nth xs n = some x →
    nth ys n = some x → take (Nat.succ n) xs = take (Nat.succ n) ys
  | _, [], _, _, h, _ => nothing h
  | _, _ :: _, [], _, _, h => nothing h
  | Nat.zero, a :: _, b :: _, _, h, h' => cons_congr ((some_same h).trans (some_same h').symm) rfl
  | Nat.succ n, _ :: xs, _ :: ys, same, h, h' =>
    have both := cons_same same
    cons_congr both.1 (take_one_more n xs ys both.2 h h')

-- Down again over the levels that were skipped at the start.
theorem skip_odd {H : Hash Entry Digest} (safe : NoCollisions H) : (fuel fn sn : Nat) → (olds youngs : List Digest) →
    size olds = Nat.succ fn → size youngs = Nat.succ sn → Nat.ble fn sn = true →
    ∃ olds' youngs', size olds' = Nat.succ (skipOdd fuel fn sn).1 ∧ size youngs' = Nat.succ (skipOdd fuel fn sn).2 ∧
      Nat.ble (skipOdd fuel fn sn).1 (skipOdd fuel fn sn).2 = true ∧
      some (layerRoot H olds, layerRoot H youngs) = some (layerRoot H olds', layerRoot H youngs') ∧
      (take (Nat.succ (skipOdd fuel fn sn).1) olds' = take (Nat.succ (skipOdd fuel fn sn).1) youngs' →
        take (Nat.succ fn) olds = take (Nat.succ fn) youngs)
  | Nat.zero, _, _, olds, youngs, sized, sized', within =>
    ⟨olds, youngs, sized, sized', within, rfl, fun same => same⟩
  | Nat.succ fuel, fn, sn, olds, youngs, sized, sized', within =>
    match bool_cases (isOdd fn) with
    | Or.inr even =>
      have stays : skipOdd (Nat.succ fuel) fn sn = (fn, sn) := if_no (fun t => not_both t even)
      ⟨olds, youngs, sized.trans (congrArg (fun p => Nat.succ (Prod.fst p)) stays).symm,
        sized'.trans (congrArg (fun p => Nat.succ (Prod.snd p)) stays).symm,
        (congrArg (fun p => Nat.ble (Prod.fst p) (Prod.snd p)) stays).trans within, rfl,
        fun same =>
          (congrArg (fun p => take (Nat.succ (Prod.fst p)) olds) stays).symm.trans
            (same.trans (congrArg (fun p => take (Nat.succ (Prod.fst p)) youngs) stays))⟩
    | Or.inl odd =>
      have goes : skipOdd (Nat.succ fuel) fn sn = skipOdd fuel (half fn) (half sn) := if_yes odd
      match skip_odd safe fuel (half fn) (half sn) (pairUp H.node olds) (pairUp H.node youngs)
          (size_above H.node sized) (size_above H.node sized') (half_mono within) with
      | ⟨olds', youngs', sizes, sizes', within', roots, down⟩ =>
        ⟨olds', youngs', sizes.trans (congrArg (fun p => Nat.succ (Prod.fst p)) goes).symm,
          sizes'.trans (congrArg (fun p => Nat.succ (Prod.snd p)) goes).symm,
          (congrArg (fun p => Nat.ble (Prod.fst p) (Prod.snd p)) goes).trans within',
          (roots_above H olds youngs).trans roots,
          fun same =>
            have same' := (congrArg (fun p => take (Nat.succ (Prod.fst p)) olds') goes).symm.trans
              (same.trans (congrArg (fun p => take (Nat.succ (Prod.fst p)) youngs') goes))
            have up := down same'
            have twice := double_half_odd fn odd
            have fits : Nat.ble (double (Nat.succ (half fn))) (size olds) = true :=
              (congrArg (fun k => Nat.ble k (size olds)) twice).trans
                ((congrArg (Nat.ble (Nat.succ fn)) sized).trans (ble_refl fn))
            have fits' : Nat.ble (double (Nat.succ (half fn))) (size youngs) = true :=
              (congrArg (fun k => Nat.ble k (size youngs)) twice).trans
                ((congrArg (Nat.ble (Nat.succ fn)) sized').trans within)
            (congrArg (fun k => take k olds) twice).symm.trans
              ((unpair safe (Nat.succ (half fn)) olds youngs fits fits' up).trans
                (congrArg (fun k => take k youngs) twice))⟩

theorem from_sound {H : Hash Entry Digest} (safe : NoCollisions H) {root₁ : Digest} {at_ : Nat × Nat}
    {olds youngs : List Digest} (sized : size olds = Nat.succ at_.1) (sized' : size youngs = Nat.succ at_.2)
    (within : Nat.ble at_.1 at_.2 = true) : (proof : List Digest) →
    climbFrom H.node root₁ at_ proof = some (layerRoot H olds, layerRoot H youngs) →
    take (Nat.succ at_.1) olds = take (Nat.succ at_.1) youngs
  | [], h => nothing h
  | first :: rest, h =>
    match choice h with
    | Or.inl both =>
      have agree := both_sound safe (first :: rest) at_.1 at_.2 root₁ root₁ olds youngs sized sized' within both.2
      take_one_more at_.1 olds youngs agree.1 agree.2.1 agree.2.2
    | Or.inr both =>
      have agree := both_sound safe rest at_.1 at_.2 first first olds youngs sized sized' within both.2
      take_one_more at_.1 olds youngs agree.1 agree.2.1 agree.2.2

theorem logs_of_leaves {H : Hash Entry Digest} (safe : NoCollisions H) : (xs ys : List Entry) →
    leaves H xs = leaves H ys → xs = ys
  | [], [], _ => rfl
  | [], _ :: _, h => by cases h
  | _ :: _, [], h => by cases h
  | x :: xs, y :: ys, h =>
    have both := cons_same h
    cons_congr (safe.leaf_injective x y both.1) (logs_of_leaves safe xs ys both.2)

/-- **The loop means prefix:** a consistency proof that the loop of RFC 9162 accepts against two logs' roots and sizes
shows that the old log is the beginning of the new one. -/
theorem consistency_by_loop_means_prefix {H : Hash Entry Digest} (safe : NoCollisions H) {proof : List Digest}
    {old young : List Entry}
    (h : verifyConsistencyByLoop H (size old) (size young) proof (mth H old) (mth H young)) :
    old = take (size old) young :=
  match h.2.2 with
  | Or.inl equal => equal_is_prefix safe equal.1 equal.2.2
  | Or.inr both =>
    have oldMore : size old = Nat.succ (minus (size old) 1) := one_less h.1
    have youngMore : size young = Nat.succ (minus (size young) 1) := one_less (ble_trans h.1 h.2.1)
    have sized := (size_leaves H old).trans oldMore
    have sized' := (size_leaves H young).trans youngMore
    have within : Nat.ble (minus (size old) 1) (minus (size young) 1) = true := minus_mono 1 h.2.1
    match skip_odd safe (minus (size old) 1) (minus (size old) 1) (minus (size young) 1) (leaves H old)
        (leaves H young) sized sized' within with
    | ⟨olds', youngs', sizes, sizes', within', roots, down⟩ =>
      have ends := both.2.trans ((pairs (mth_of_leaves H old) (mth_of_leaves H young)).trans roots)
      have same := down (from_sound safe sizes sizes' within' proof ends)
      have same' : take (size old) (leaves H old) = take (size old) (leaves H young) :=
        (congrArg (fun k => take k (leaves H old)) oldMore).trans
          (same.trans (congrArg (fun k => take k (leaves H young)) oldMore).symm)
      have whole : take (size old) (leaves H old) = leaves H old :=
        (congrArg (fun k => take k (leaves H old)) (size_leaves H old)).symm.trans (take_all (leaves H old))
      logs_of_leaves safe old (take (size old) young)
        (whole.symm.trans (same'.trans (leaves_take H (size old) young).symm))

end Multimail

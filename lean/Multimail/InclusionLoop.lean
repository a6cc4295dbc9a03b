/-
The loop of RFC 9162 that `verifyInclusion` of `src/audit/tree.ts` runs, from the leaf up, on the bits of index and size.
-/
import Multimail.Layers

namespace Multimail

variable {Entry Digest : Type}

/-- On the right edge a node without sibling rises unhashed: skips those levels. `fuel` of `fn` or more is enough. -/
def dropRightEdge : Nat → Nat → Nat → Nat × Nat
  | Nat.zero, fn, sn => (fn, sn)
  | Nat.succ fuel, fn, sn => if isOdd fn = true ∨ fn = 0 then (fn, sn) else dropRightEdge fuel (half fn) (half sn)

/-- The loop over the proof: `fn` is the number of the node in its layer, `sn` that of the layer's last. -/
def climb (node : Digest → Digest → Digest) : List Digest → Nat → Nat → Digest → Option Digest
  | [], _, sn, computed => if sn = 0 then some computed else none
  | sibling :: proof, fn, sn, computed =>
    if sn = 0 then none
    else if isOdd fn = true ∨ fn = sn then
      climb node proof (half (dropRightEdge fn fn sn).1) (half (dropRightEdge fn fn sn).2) (node sibling computed)
    else climb node proof (half fn) (half sn) (node computed sibling)

/-- `verifyInclusion` as the code runs it: index within the size, and the loop ends at the root. -/
def verifyInclusionByLoop (H : Hash Entry Digest) (leafHash : Digest) (index size_ : Nat) (proof : List Digest)
    (root : Digest) : Prop :=
  Nat.ble (Nat.succ index) size_ = true ∧ climb H.node proof index (minus size_ 1) leafHash = some root

/-! ## Where a node of the layer above comes from -/

theorem above_odd {node : Digest → Digest → Digest} {d : Digest} : (n : Nat) → (layer : List Digest) →
    isOdd n = true → Nat.ble (Nat.succ n) (size layer) = true → nth (pairUp node layer) (half n) = some d →
    ∃ a b, d = node a b ∧ nth layer n = some b
  | Nat.zero, _, odd, _, _ => absurd_flag odd
  | _, [], _, within, _ => absurd_flag within
  | Nat.succ Nat.zero, [_], _, within, _ => absurd_flag within
  | Nat.succ (Nat.succ _), [_], _, within, _ => absurd_flag within
  | Nat.succ Nat.zero, a :: b :: _, _, _, h => ⟨a, b, (some_same h).symm, rfl⟩
  | Nat.succ (Nat.succ n), _ :: _ :: rest, odd, within, h => above_odd n rest odd within h

theorem above_even {node : Digest → Digest → Digest} {d : Digest} : (n : Nat) → (layer : List Digest) →
    isOdd n = false → Nat.ble (Nat.succ (Nat.succ n)) (size layer) = true →
    nth (pairUp node layer) (half n) = some d → ∃ a b, d = node a b ∧ nth layer n = some a
  | Nat.succ Nat.zero, _, even, _, _ => absurd_flag even.symm
  | _, [], _, within, _ => absurd_flag within
  | Nat.zero, [_], _, within, _ => absurd_flag within
  | Nat.succ (Nat.succ _), [_], _, within, _ => absurd_flag within
  | Nat.zero, a :: b :: _, _, _, h => ⟨a, b, (some_same h).symm, rfl⟩
  | Nat.succ (Nat.succ n), _ :: _ :: rest, even, within, h => above_even n rest even within h

-- The last of a layer, if it has no neighbour, is the last of the layer above.
theorem last_rises {node : Digest → Digest → Digest} : (n : Nat) → (layer : List Digest) → isOdd n = false →
    size layer = Nat.succ n → nth (pairUp node layer) (half n) = nth layer n
  | Nat.succ Nat.zero, _, even, _ => absurd_flag even.symm
  | Nat.zero, [], _, sized => absurd_flag (congrArg (Nat.ble 1) sized)
  | Nat.zero, [_], _, _ => rfl
  | Nat.zero, x :: y :: rest, _, sized => not_both (zero_ble (size rest)) (congrArg (Nat.ble 2) sized)
  | Nat.succ (Nat.succ n), [], _, sized => absurd_flag (congrArg (Nat.ble 1) sized)
  | Nat.succ (Nat.succ n), [_], _, sized => absurd_flag (congrArg (Nat.ble 2) sized)
  | Nat.succ (Nat.succ n), _ :: _ :: rest, even, sized =>
    last_rises n rest even (congrArg (fun k => Nat.pred (Nat.pred k)) sized)

theorem size_above (node : Digest → Digest → Digest) {layer : List Digest} {n : Nat} (sized : size layer = Nat.succ n) :
    size (pairUp node layer) = Nat.succ (half n) :=
  (size_pairUp node layer).trans ((congrArg halfUp sized).trans (halfUp_succ n))

/-! ## The loop is sound -/

theorem half_pos : (n : Nat) → isOdd n = false → ¬ n = 0 → ¬ half n = 0
  | Nat.zero, _, some_ => absurd rfl some_
  | Nat.succ Nat.zero, even, _ => absurd_flag even.symm
  | Nat.succ (Nat.succ n), _, _ => fun h => not_both (zero_ble (half n)) (congrArg (Nat.ble 1) h)

theorem half_fits : (n fuel : Nat) → isOdd n = false → ¬ n = 0 → Nat.ble n (Nat.succ fuel) = true →
    Nat.ble (half n) fuel = true
  | Nat.zero, _, _, some_, _ => absurd rfl some_
  | Nat.succ Nat.zero, _, even, _, _ => absurd_flag even.symm
  | Nat.succ (Nat.succ n), Nat.zero, _, _, fits => absurd_flag fits
  | Nat.succ (Nat.succ n), Nat.succ fuel, _, _, fits =>
    have fits' : Nat.ble n fuel = true := fits
    have within : Nat.ble (half n) fuel = true := ble_trans (half_le n) fits'
    within

theorem drop_odd {n sn : Nat} (odd : isOdd n = true) : (fuel : Nat) → dropRightEdge fuel n sn = (n, sn)
  | Nat.zero => rfl
  | Nat.succ _ => if_yes (Or.inl odd)

-- Along the right edge: the number that the skipping ends at is odd, and the layer there has the same root and last.
theorem drop_edge (H : Hash Entry Digest) : (fuel n : Nat) → (layer : List Digest) → size layer = Nat.succ n →
    ¬ n = 0 → Nat.ble n fuel = true →
    ∃ f layer', dropRightEdge fuel n n = (f, f) ∧ isOdd f = true ∧ size layer' = Nat.succ f ∧
      layerRoot H layer' = layerRoot H layer ∧ nth layer' f = nth layer n
  | Nat.zero, Nat.zero, _, _, some_, _ => absurd rfl some_
  | Nat.zero, Nat.succ _, _, _, _, fits => absurd_flag fits
  | Nat.succ fuel, n, layer, sized, some_, fits =>
    match bool_cases (isOdd n) with
    | Or.inl odd => ⟨n, layer, drop_odd odd (Nat.succ fuel), odd, sized, rfl, rfl⟩
    | Or.inr even =>
      match drop_edge H fuel (half n) (pairUp H.node layer) (size_above H.node sized) (half_pos n even some_)
          (half_fits n fuel even some_ fits) with
      | ⟨f, layer', ends, odd, sized', root, last⟩ =>
        have stays : ¬ (isOdd n = true ∨ n = 0) := fun h =>
          match h with
          | Or.inl t => not_both t even
          | Or.inr z => some_ z
        have whole : dropRightEdge (Nat.succ fuel) n n = (f, f) := (if_no stays).trans ends
        ⟨f, layer', whole, odd, sized', root.trans (pairUp_keeps_root H layer).symm,
          last.trans (last_rises n layer even sized)⟩

/-- What the rest of the loop shows of the layer above. -/
def Climbs (H : Hash Entry Digest) (proof : List Digest) : Prop :=
  ∀ (fn sn : Nat) (computed : Digest) (layer : List Digest), size layer = Nat.succ sn → Nat.ble fn sn = true →
    climb H.node proof fn sn computed = some (layerRoot H layer) → nth layer fn = some computed

theorem climb_odd {H : Hash Entry Digest} (safe : NoCollisions H) {proof : List Digest} (later : Climbs H proof)
    {fn sn : Nat} {sibling computed : Digest} {layer : List Digest} (sized : size layer = Nat.succ sn)
    (within : Nat.ble fn sn = true) (odd : isOdd fn = true)
    (h : climb H.node proof (half fn) (half sn) (H.node sibling computed) = some (layerRoot H layer)) :
    nth layer fn = some computed :=
  have up := later (half fn) (half sn) (H.node sibling computed) (pairUp H.node layer) (size_above H.node sized)
    (half_mono within) (h.trans (congrArg some (pairUp_keeps_root H layer)))
  have inside : Nat.ble (Nat.succ fn) (size layer) = true := (congrArg (Nat.ble (Nat.succ fn)) sized).trans within
  match above_odd fn layer odd inside up with
  | ⟨a, b, joins, is⟩ => is.trans (congrArg some (safe.node_injective _ _ _ _ joins).2.symm)

theorem climb_even {H : Hash Entry Digest} (safe : NoCollisions H) {proof : List Digest} (later : Climbs H proof)
    {fn sn : Nat} {sibling computed : Digest} {layer : List Digest} (sized : size layer = Nat.succ sn)
    (within : Nat.ble (Nat.succ fn) sn = true) (even : isOdd fn = false)
    (h : climb H.node proof (half fn) (half sn) (H.node computed sibling) = some (layerRoot H layer)) :
    nth layer fn = some computed :=
  have up := later (half fn) (half sn) (H.node computed sibling) (pairUp H.node layer) (size_above H.node sized)
    (half_mono (ble_of_lt within)) (h.trans (congrArg some (pairUp_keeps_root H layer)))
  have inside : Nat.ble (Nat.succ (Nat.succ fn)) (size layer) = true :=
    (congrArg (Nat.ble (Nat.succ (Nat.succ fn))) sized).trans within
  match above_even fn layer even inside up with
  | ⟨a, b, joins, is⟩ => is.trans (congrArg some (safe.node_injective _ _ _ _ joins).1.symm)

theorem climb_of_one (H : Hash Entry Digest) {fn : Nat} {computed : Digest} : (layer : List Digest) →
    size layer = 1 → fn = 0 → computed = layerRoot H layer → nth layer fn = some computed
  | [], sized, _, _ => absurd_flag (congrArg (Nat.ble 1) sized)
  | [x], _, start, same => (congrArg (nth [x]) start).trans (congrArg some same.symm)
  | _ :: _ :: rest, sized, _, _ => not_both (zero_ble (size rest)) (congrArg (Nat.ble 2) sized)

theorem at_most_zero : (n : Nat) → Nat.ble n 0 = true → n = 0
  | Nat.zero, _ => rfl
  | Nat.succ _, h => absurd_flag h

theorem climb_edge {H : Hash Entry Digest} (safe : NoCollisions H) {proof : List Digest} (later : Climbs H proof)
    {n : Nat} {sibling computed : Digest} {layer : List Digest} (sized : size layer = Nat.succ n) (some_ : ¬ n = 0)
    (h : climb H.node proof (half (dropRightEdge n n n).1) (half (dropRightEdge n n n).2) (H.node sibling computed)
      = some (layerRoot H layer)) : nth layer n = some computed :=
  match drop_edge H n n layer sized some_ (ble_refl n) with
  | ⟨f, layer', ends, odd, sized', root, last⟩ =>
    have h' : climb H.node proof (half f) (half f) (H.node sibling computed) = some (layerRoot H layer') :=
      (congrArg (fun pair => climb H.node proof (half (Prod.fst pair)) (half (Prod.snd pair)) (H.node sibling computed))
        ends).symm.trans (h.trans (congrArg some root.symm))
    last.symm.trans (climb_odd safe later sized' (ble_refl f) odd h')

theorem climb_sound {H : Hash Entry Digest} (safe : NoCollisions H) : (proof : List Digest) → Climbs H proof
  | [], fn, sn, computed, layer, sized, within, h =>
    match choice h with
    | Or.inr both => nothing both.2
    | Or.inl both =>
      climb_of_one H layer (sized.trans (congrArg Nat.succ both.1))
        (at_most_zero fn ((congrArg (Nat.ble fn) both.1).symm.trans within)) (some_same both.2)
  | sibling :: proof, fn, sn, computed, layer, sized, within, h =>
    have later := climb_sound safe proof
    match choice h with
    | Or.inl both => nothing both.2
    | Or.inr both =>
      match choice both.2 with
      | Or.inr even =>
        climb_even safe later sized (lt_of_ble_ne within (fun e => even.1 (Or.inr e)))
          (false_of_not_true (fun t => even.1 (Or.inl t))) even.2
      | Or.inl odd =>
        match bool_cases (isOdd fn) with
        | Or.inl t =>
          have h' : climb H.node proof (half fn) (half sn) (H.node sibling computed) = some (layerRoot H layer) :=
            (congrArg
              (fun pair => climb H.node proof (half (Prod.fst pair)) (half (Prod.snd pair)) (H.node sibling computed))
              (drop_odd (sn := sn) t fn)).symm.trans odd.2
          climb_odd safe later sized within t h'
        | Or.inr f =>
          match odd.1 with
          | Or.inl t => not_both t f
          | Or.inr same => by
            subst same
            exact climb_edge safe later sized both.1 odd.2

theorem entry_of_leaf {H : Hash Entry Digest} (safe : NoCollisions H) {entry : Entry} : (index : Nat) →
    (log : List Entry) → nth (leaves H log) index = some (H.leaf entry) → nth log index = some entry
  | _, [], h => nothing h
  | Nat.zero, x :: _, h => congrArg some (safe.leaf_injective x entry (some_same h))
  | Nat.succ i, _ :: rest, h => entry_of_leaf safe i rest h

theorem one_less : {n k : Nat} → Nat.ble (Nat.succ k) n = true → n = Nat.succ (minus n 1)
  | Nat.zero, _, h => absurd_flag h
  | Nat.succ n, _, _ => congrArg Nat.succ (minus_zero n).symm

/-- **The loop is sound:** an inclusion proof that the loop of RFC 9162 accepts against a log's root and size shows that
the entry stands in the log at that place. -/
theorem inclusion_by_loop_is_sound {H : Hash Entry Digest} (safe : NoCollisions H) {entry : Entry} {index : Nat}
    {proof : List Digest} {log : List Entry}
    (h : verifyInclusionByLoop H (H.leaf entry) index (size log) proof (mth H log)) : nth log index = some entry :=
  have more : size log = Nat.succ (minus (size log) 1) := one_less h.1
  have within : Nat.ble index (minus (size log) 1) = true :=
    (congrArg (Nat.ble (Nat.succ index)) more).symm.trans h.1
  entry_of_leaf safe index log
    (climb_sound safe proof index (minus (size log) 1) (H.leaf entry) (leaves H log) ((size_leaves H log).trans more)
      within (h.2.trans (congrArg some (mth_of_leaves H log))))

end Multimail

/-
That the tree's theorems speak of something: there is a hash as they assume it, and every true statement about a log has a
proof that verifies.
-/
import Multimail.Log

namespace Multimail

/-! ## A hash without collisions -/

/-- Digests that are the trees themselves. -/
inductive Tree (Entry : Type) where
  | empty
  | leaf (entry : Entry)
  | node (left right : Tree Entry)

theorem leaf_same {Entry : Type} {a b : Entry} (h : Tree.leaf a = Tree.leaf b) : a = b := by
  injection h with e
  exact e

theorem node_same {Entry : Type} {a b c d : Tree Entry} (h : Tree.node a b = Tree.node c d) : a = c ∧ b = d := by
  injection h with e e'
  exact ⟨e, e'⟩

theorem leaf_not_node {Entry : Type} {a : Entry} {b c : Tree Entry} (h : Tree.leaf a = Tree.node b c) : False := by
  cases h

theorem empty_not_leaf {Entry : Type} {a : Entry} (h : Tree.empty = Tree.leaf a) : False := by cases h

theorem empty_not_node {Entry : Type} {a b : Tree Entry} (h : Tree.empty = Tree.node a b) : False := by cases h

/-- Hashing into trees. -/
def treeHash (Entry : Type) : Hash Entry (Tree Entry) := { empty := Tree.empty, leaf := Tree.leaf, node := Tree.node }

/-- `NoCollisions` can be had: its assumptions do not contradict each other. -/
theorem trees_do_not_collide (Entry : Type) : NoCollisions (treeHash Entry) :=
  { leaf_injective := fun _ _ h => leaf_same h
    node_injective := fun _ _ _ _ h => node_same h
    leaf_is_no_node := fun _ _ _ h => leaf_not_node h
    empty_is_no_leaf := fun _ h => empty_not_leaf h
    empty_is_no_node := fun _ _ h => empty_not_node h }

/-! ## Lists -/

section
variable {α : Type}

theorem reverse_snoc (x : α) : (xs : List α) → reverse (snoc xs x) = x :: reverse xs
  | [] => rfl
  | y :: ys => congrArg (fun l => snoc l y) (reverse_snoc x ys)

theorem reverse_twice : (xs : List α) → reverse (reverse xs) = xs
  | [] => rfl
  | x :: xs => (reverse_snoc x (reverse xs)).trans (congrArg (List.cons x) (reverse_twice xs))

theorem nth_in_take : (k i : Nat) → (xs : List α) → Nat.ble (Nat.succ i) k = true → nth (take k xs) i = nth xs i
  | Nat.zero, _, _, h => absurd_flag h
  | Nat.succ _, Nat.zero, [], _ => rfl
  | Nat.succ _, Nat.succ _, [], _ => rfl
  | Nat.succ _, Nat.zero, _ :: _, _ => rfl
  | Nat.succ k, Nat.succ i, _ :: xs, h => nth_in_take k i xs h

theorem nth_in_drop : (k i : Nat) → (xs : List α) → Nat.ble k i = true → nth (drop k xs) (minus i k) = nth xs i
  | Nat.zero, i, xs, _ => congrArg (nth xs) (minus_zero i)
  | Nat.succ _, Nat.zero, _, h => absurd_flag h
  | Nat.succ k, Nat.succ i, [], _ => rfl
  | Nat.succ k, Nat.succ i, _ :: xs, h => nth_in_drop k i xs h

theorem drop_take : (k m : Nat) → (xs : List α) → drop k (take m xs) = take (minus m k) (drop k xs)
  | Nat.zero, m, xs => (congrArg (fun n => take n xs) (minus_zero m)).symm
  | Nat.succ _, Nat.zero, [] => rfl
  | Nat.succ _, Nat.zero, _ :: _ => rfl
  | Nat.succ k, Nat.succ m, [] => by
    cases minus m k with
    | zero => exact rfl
    | succ j => exact rfl
  | Nat.succ k, Nat.succ m, _ :: xs => drop_take k m xs

end

/-! ## Inclusion -/

variable {Entry Digest : Type}

theorem inclusion_left (H : Hash Entry Digest) {leafHash sibling left : Digest} {path : List Digest} {index n : Nat}
    (two : Nat.ble 2 n = true) (inLeft : Nat.ble (Nat.succ index) (split n) = true)
    (inner : inclusionRoot H leafHash path index (split n) = some left) :
    inclusionRoot H leafHash (sibling :: path) index n = some (H.node left sibling) :=
  (if_no (fun f => not_both two f)).trans
    ((if_yes inLeft).trans (congrArg (mapSome (fun left => H.node left sibling)) inner))

theorem inclusion_right (H : Hash Entry Digest) {leafHash sibling right : Digest} {path : List Digest} {index n : Nat}
    (two : Nat.ble 2 n = true) (inRight : Nat.ble (Nat.succ index) (split n) = false)
    (inner : inclusionRoot H leafHash path (minus index (split n)) (minus n (split n)) = some right) :
    inclusionRoot H leafHash (sibling :: path) index n = some (H.node sibling right) :=
  (if_no (fun f => not_both two f)).trans
    ((if_no (fun t => not_both t inRight)).trans (congrArg (mapSome (fun right => H.node sibling right)) inner))

theorem size_left {xs : List Entry} (two : Nat.ble 2 (size xs) = true) : size (leftPart xs) = split (size xs) :=
  size_take (split (size xs)) xs (ble_of_lt (split_below (size xs) two))

theorem left_fits {bound : Nat} : (xs : List Entry) → Nat.ble 2 (size xs) = true →
    Nat.ble (size xs) (Nat.succ bound) = true → Nat.ble (size (leftPart xs)) bound = true
  | [], two, _ => absurd_flag two
  | [_], two, _ => absurd_flag two
  | x :: y :: rest, _, fits => ble_trans (left_shorter x y rest) fits

theorem right_fits {bound : Nat} : (xs : List Entry) → Nat.ble 2 (size xs) = true →
    Nat.ble (size xs) (Nat.succ bound) = true → Nat.ble (size (rightPart xs)) bound = true
  | [], two, _ => absurd_flag two
  | [_], two, _ => absurd_flag two
  | x :: y :: rest, _, fits => ble_trans (right_shorter x y rest) fits

theorem inclusion_of_few (H : Hash Entry Digest) (entry : Entry) : (index : Nat) → (log : List Entry) →
    Nat.ble 2 (size log) = false → nth log index = some entry →
    ∃ path, inclusionRoot H (H.leaf entry) path index (size log) = some (mth H log)
  | _, [], _, h => nothing h
  | Nat.zero, [x], _, h => ⟨[], (if_yes ⟨rfl, rfl⟩).trans (congrArg (fun e => some (H.leaf e)) (some_same h).symm)⟩
  | Nat.succ _, [_], _, h => nothing h
  | _, x :: y :: rest, few, _ => not_both (two_or_more x y rest) few

theorem inclusion_within (H : Hash Entry Digest) (entry : Entry) : (bound : Nat) → (index : Nat) → (log : List Entry) →
    Nat.ble (size log) bound = true → nth log index = some entry →
    ∃ path, inclusionRoot H (H.leaf entry) path index (size log) = some (mth H log)
  | Nat.zero, _, [], _, h => nothing h
  | Nat.zero, _, _ :: _, fits, _ => absurd_flag fits
  | Nat.succ bound, index, log, fits, h =>
    match bool_cases (Nat.ble 2 (size log)) with
    | Or.inr few => inclusion_of_few H entry index log few h
    | Or.inl two =>
      match bool_cases (Nat.ble (Nat.succ index) (split (size log))) with
      | Or.inl inLeft =>
        have known : nth (leftPart log) index = some entry := (nth_in_take (split (size log)) index log inLeft).trans h
        match inclusion_within H entry bound index (leftPart log) (left_fits log two fits) known with
        | ⟨path, inner⟩ =>
          have inner' : inclusionRoot H (H.leaf entry) path index (split (size log)) = some (mth H (leftPart log)) :=
            (congrArg (inclusionRoot H (H.leaf entry) path index) (size_left two)).symm.trans inner
          ⟨mth H (rightPart log) :: path,
            (inclusion_left H two inLeft inner').trans (congrArg some (mth_splits H log two).symm)⟩
      | Or.inr inRight =>
        have known : nth (rightPart log) (minus index (split (size log))) = some entry :=
          (nth_in_drop (split (size log)) index log (lt_of_not_ble inRight)).trans h
        match inclusion_within H entry bound (minus index (split (size log))) (rightPart log)
            (right_fits log two fits) known with
        | ⟨path, inner⟩ =>
          have inner' : inclusionRoot H (H.leaf entry) path (minus index (split (size log)))
              (minus (size log) (split (size log))) = some (mth H (rightPart log)) :=
            (congrArg (inclusionRoot H (H.leaf entry) path (minus index (split (size log))))
              (size_drop (split (size log)) log)).symm.trans inner
          ⟨mth H (leftPart log) :: path,
            (inclusion_right H two inRight inner').trans (congrArg some (mth_splits H log two).symm)⟩

/-- **Inclusion is complete:** every entry of a log has a proof that verifies. -/
theorem inclusion_is_complete (H : Hash Entry Digest) {entry : Entry} {index : Nat} {log : List Entry}
    (h : nth log index = some entry) : ∃ path, verifyInclusion H (H.leaf entry) index (size log) path (mth H log) :=
  match inclusion_within H entry (size log) index log (ble_refl (size log)) h with
  | ⟨path, inner⟩ =>
    ⟨reverse path,
      (congrArg (fun p => inclusionRoot H (H.leaf entry) p index (size log)) (reverse_twice path)).trans inner⟩

/-! ## Consistency -/

theorem consistency_left (H : Hash Entry Digest) {oldRoot hash o y : Digest} {path : List Digest} {m n : Nat} {b : Bool}
    (differ : ¬ m = n) (inLeft : Nat.ble m (split n) = true)
    (inner : consistencyRoots H oldRoot path m (split n) b = some (o, y)) :
    consistencyRoots H oldRoot (hash :: path) m n b = some (o, H.node y hash) :=
  (if_no differ).trans
    ((if_yes inLeft).trans (congrArg (mapPair (fun old => old) (fun young => H.node young hash)) inner))

theorem consistency_right (H : Hash Entry Digest) {oldRoot hash o y : Digest} {path : List Digest} {m n : Nat} {b : Bool}
    (differ : ¬ m = n) (inRight : Nat.ble m (split n) = false)
    (inner : consistencyRoots H oldRoot path (minus m (split n)) (minus n (split n)) false = some (o, y)) :
    consistencyRoots H oldRoot (hash :: path) m n b = some (H.node hash o, H.node hash y) :=
  (if_no differ).trans
    ((if_no (fun t => not_both t inRight)).trans
      (congrArg (mapPair (fun old => H.node hash old) (fun young => H.node hash young)) inner))

theorem consistency_same (H : Hash Entry Digest) (oldRoot : Digest) (m n : Nat) (root : Digest) (same : m = n) :
    (b : Bool) → (b = true → oldRoot = root) → ∃ path, consistencyRoots H oldRoot path m n b = some (root, root)
  | true, known => ⟨[], (if_yes ⟨same, rfl⟩).trans (pairs (known rfl) (known rfl))⟩
  | false, _ => ⟨[root], if_yes same⟩

-- The root of the first `m` of a log, where `m` is more than its split: the same left part, and the first of the right.
theorem mth_of_first (H : Hash Entry Digest) {m : Nat} {log : List Entry} (within : Nat.ble m (size log) = true)
    (above : Nat.ble (Nat.succ (split (size log))) m = true) :
    mth H (take m log) = H.node (mth H (leftPart log)) (mth H (take (minus m (split (size log))) (rightPart log))) :=
  have sized : size (take m log) = m := size_take m log within
  have sameSplit : split (size (take m log)) = split (size log) :=
    (congrArg split sized).trans (split_stable (size log) above within)
  have two : Nat.ble 2 (size (take m log)) = true :=
    (congrArg (Nat.ble 2) sized).trans (ble_trans (succ_some (split_pos (size log))) above)
  have left : leftPart (take m log) = leftPart log :=
    (congrArg (fun k => take k (take m log)) sameSplit).trans (take_take (split (size log)) m log (ble_of_lt above))
  have right : rightPart (take m log) = take (minus m (split (size log))) (rightPart log) :=
    (congrArg (fun k => drop k (take m log)) sameSplit).trans (drop_take (split (size log)) m log)
  (mth_splits H (take m log) two).trans (node_congr H (congrArg (mth H) left) (congrArg (mth H) right))

theorem consistency_within (H : Hash Entry Digest) (oldRoot : Digest) : (bound : Nat) → (m : Nat) → (b : Bool) →
    (log : List Entry) → Nat.ble (size log) bound = true → Nat.ble 1 m = true → Nat.ble m (size log) = true →
    (b = true → oldRoot = mth H (take m log)) →
    ∃ path, consistencyRoots H oldRoot path m (size log) b = some (mth H (take m log), mth H log)
  | Nat.zero, _, _, _, fits, some_, within, _ => absurd_flag (ble_trans some_ (ble_trans within fits))
  | Nat.succ bound, m, b, log, fits, some_, within, known =>
    match decEq m (size log) with
    | Decidable.isTrue same =>
      have whole : take m log = log := (congrArg (fun n => take n log) same).trans (take_all log)
      have roots : mth H (take m log) = mth H log := congrArg (mth H) whole
      match consistency_same H oldRoot m (size log) (mth H log) same b (fun t => (known t).trans roots) with
      | ⟨path, inner⟩ => ⟨path, inner.trans (pairs roots.symm rfl)⟩
    | Decidable.isFalse differ =>
      have two : Nat.ble 2 (size log) = true := ble_trans (succ_some some_) (lt_of_ble_ne within differ)
      have root := mth_splits H log two
      match bool_cases (Nat.ble m (split (size log))) with
      | Or.inl inLeft =>
        have sameFirst : take m (leftPart log) = take m log := take_take m (split (size log)) log inLeft
        have first : mth H (take m (leftPart log)) = mth H (take m log) := congrArg (mth H) sameFirst
        match consistency_within H oldRoot bound m b (leftPart log) (left_fits log two fits) some_
            ((congrArg (Nat.ble m) (size_left two)).trans inLeft) (fun t => (known t).trans first.symm) with
        | ⟨path, inner⟩ =>
          have inner' : consistencyRoots H oldRoot path m (split (size log)) b
              = some (mth H (take m log), mth H (leftPart log)) :=
            (congrArg (fun n => consistencyRoots H oldRoot path m n b) (size_left two)).symm.trans
              (inner.trans (pairs first rfl))
          ⟨mth H (rightPart log) :: path,
            (consistency_left H differ inLeft inner').trans (pairs rfl root.symm)⟩
      | Or.inr inRight =>
        have above := lt_of_not_ble inRight
        have sized : size (rightPart log) = minus (size log) (split (size log)) := size_drop (split (size log)) log
        match consistency_within H oldRoot bound (minus m (split (size log))) false (rightPart log)
            (right_fits log two fits) (minus_pos above)
            ((congrArg (Nat.ble (minus m (split (size log)))) sized).trans (minus_mono (split (size log)) within))
            (fun no => absurd_flag no) with
        | ⟨path, inner⟩ =>
          have inner' : consistencyRoots H oldRoot path (minus m (split (size log)))
              (minus (size log) (split (size log))) false
              = some (mth H (take (minus m (split (size log))) (rightPart log)), mth H (rightPart log)) :=
            (congrArg (fun n => consistencyRoots H oldRoot path (minus m (split (size log))) n false) sized).symm.trans
              inner
          ⟨mth H (leftPart log) :: path,
            (consistency_right H differ inRight inner').trans
              (pairs (mth_of_first H within above).symm root.symm)⟩

/-- **Consistency is complete:** for every log and every beginning of it there is a proof that verifies. -/
theorem consistency_is_complete (H : Hash Entry Digest) {m : Nat} {log : List Entry} (some_ : Nat.ble 1 m = true)
    (within : Nat.ble m (size log) = true) :
    ∃ path, verifyConsistency H m (size log) path (mth H (take m log)) (mth H log) :=
  match consistency_within H (mth H (take m log)) (size log) m true log (ble_refl (size log)) some_ within
      (fun _ => rfl) with
  | ⟨path, inner⟩ =>
    ⟨reverse path, some_, within,
      (congrArg (fun p => consistencyRoots H (mth H (take m log)) p m (size log) true) (reverse_twice path)).trans inner⟩

end Multimail

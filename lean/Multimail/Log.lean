/-
The log: the Merkle tree of RFC 6962 over a hash that never collides. An inclusion proof that verifies shows the entry at
that place; a consistency proof that verifies shows that the old log is a prefix of the new one.
-/
import Multimail.Numbers

namespace Multimail

/-- The three ways in which the tree hashes. -/
structure Hash (Entry Digest : Type) where
  /-- SHA-256 of nothing. -/
  empty : Digest
  /-- SHA-256(0x00 ‖ entry). -/
  leaf : Entry → Digest
  /-- SHA-256(0x01 ‖ left ‖ right). -/
  node : Digest → Digest → Digest

/-- No collisions: different inputs, also of different kinds, give different digests. -/
structure NoCollisions {Entry Digest : Type} (H : Hash Entry Digest) : Prop where
  leaf_injective : ∀ a b, H.leaf a = H.leaf b → a = b
  node_injective : ∀ a b c d, H.node a b = H.node c d → a = c ∧ b = d
  leaf_is_no_node : ∀ a b c, H.leaf a = H.node b c → False
  empty_is_no_leaf : ∀ a, H.empty = H.leaf a → False
  empty_is_no_node : ∀ a b, H.empty = H.node a b → False

/-! ## Lists -/

section
variable {α : Type}

theorem nothing {x : α} {P : Prop} (h : none = some x) : P := by cases h

theorem some_same {x y : α} (h : some x = some y) : x = y := by
  injection h with e
  exact e

def take : Nat → List α → List α
  | Nat.zero, _ => []
  | Nat.succ _, [] => []
  | Nat.succ k, x :: xs => x :: take k xs

def drop : Nat → List α → List α
  | Nat.zero, xs => xs
  | Nat.succ _, [] => []
  | Nat.succ k, _ :: xs => drop k xs

/-- The one at this place, counted from 0. -/
def nth : List α → Nat → Option α
  | [], _ => none
  | x :: _, Nat.zero => some x
  | _ :: xs, Nat.succ i => nth xs i

def reverse : List α → List α
  | [] => []
  | x :: xs => snoc (reverse xs) x

theorem take_drop : (k : Nat) → (xs : List α) → append (take k xs) (drop k xs) = xs
  | Nat.zero, _ => rfl
  | Nat.succ _, [] => rfl
  | Nat.succ k, x :: xs => congrArg (List.cons x) (take_drop k xs)

theorem take_all : (xs : List α) → take (size xs) xs = xs
  | [] => rfl
  | x :: xs => congrArg (List.cons x) (take_all xs)

theorem size_take : (k : Nat) → (xs : List α) → Nat.ble k (size xs) = true → size (take k xs) = k
  | Nat.zero, _, _ => rfl
  | Nat.succ _, [], h => absurd_flag h
  | Nat.succ k, _ :: xs, h => congrArg Nat.succ (size_take k xs h)

theorem size_drop : (k : Nat) → (xs : List α) → size (drop k xs) = minus (size xs) k
  | Nat.zero, xs => (minus_zero (size xs)).symm
  | Nat.succ _, [] => rfl
  | Nat.succ k, _ :: xs => size_drop k xs

theorem size_drop_le : (k : Nat) → (xs : List α) → Nat.ble (size (drop k xs)) (size xs) = true
  | Nat.zero, xs => ble_refl (size xs)
  | Nat.succ _, [] => rfl
  | Nat.succ k, _ :: xs => ble_trans (size_drop_le k xs) (ble_succ (size xs))

theorem take_take : (m k : Nat) → (xs : List α) → Nat.ble m k = true → take m (take k xs) = take m xs
  | Nat.zero, _, _, _ => rfl
  | Nat.succ _, Nat.zero, _, h => absurd_flag h
  | Nat.succ _, Nat.succ _, [], _ => rfl
  | Nat.succ m, Nat.succ k, x :: xs, h => congrArg (List.cons x) (take_take m k xs h)

theorem take_past : (k m : Nat) → (xs : List α) → Nat.ble k m = true →
    append (take k xs) (take (minus m k) (drop k xs)) = take m xs
  | Nat.zero, m, xs, _ => congrArg (fun n => take n xs) (minus_zero m)
  | Nat.succ _, Nat.zero, _, h => absurd_flag h
  | Nat.succ k, Nat.succ m, [], _ => by
    cases minus m k with
    | zero => exact rfl
    | succ j => exact rfl
  | Nat.succ k, Nat.succ m, x :: xs, h => congrArg (List.cons x) (take_past k m xs h)

theorem nth_take {x : α} : (k i : Nat) → (xs : List α) → nth (take k xs) i = some x → nth xs i = some x
  | Nat.zero, _, _, h => nothing h
  | Nat.succ _, _, [], h => h
  | Nat.succ _, Nat.zero, _ :: _, h => h
  | Nat.succ k, Nat.succ i, _ :: xs, h => nth_take k i xs h

theorem nth_drop {x : α} : (k i : Nat) → (xs : List α) → Nat.ble k i = true →
    nth (drop k xs) (minus i k) = some x → nth xs i = some x
  | Nat.zero, i, xs, _, h => (congrArg (nth xs) (minus_zero i)).symm.trans h
  | Nat.succ _, Nat.zero, _, no, _ => absurd_flag no
  | Nat.succ _, Nat.succ _, [], _, h => nothing h
  | Nat.succ k, Nat.succ i, _ :: xs, le, h => nth_drop k i xs le h

end

/-! ## The tree -/

variable {Entry Digest : Type}

/-- The first k of a list, k being the largest power of two below its size. -/
def leftPart (xs : List Entry) : List Entry := take (split (size xs)) xs

/-- The others. -/
def rightPart (xs : List Entry) : List Entry := drop (split (size xs)) xs

/-- One unfolding of MTH, given MTH of shorter lists. -/
def mthOnce (H : Hash Entry Digest) (shorter : List Entry → Digest) : List Entry → Digest
  | [] => H.empty
  | [x] => H.leaf x
  | x :: y :: rest =>
    H.node (shorter (leftPart (x :: y :: rest))) (shorter (rightPart (x :: y :: rest)))

def mthWithin (H : Hash Entry Digest) : Nat → List Entry → Digest
  | Nat.zero => fun _ => H.empty
  | Nat.succ n => mthOnce H (mthWithin H n)

/-- The root: MTH of RFC 6962 section 2.1 (`treeRoot`). -/
def mth (H : Hash Entry Digest) (entries : List Entry) : Digest := mthWithin H (size entries) entries

theorem size_take_less {k n : Nat} (xs : List Entry) (sized : size xs = Nat.succ n)
    (below : Nat.ble (Nat.succ k) (size xs) = true) : Nat.ble (size (take k xs)) n = true :=
  have less : Nat.ble (Nat.succ k) (Nat.succ n) = true := (congrArg (Nat.ble (Nat.succ k)) sized).symm.trans below
  have atMost : Nat.ble k n = true := less
  (congrArg (fun m => Nat.ble m n) (size_take k xs (ble_of_lt below))).trans atMost

theorem two_or_more (x y : Entry) (rest : List Entry) : Nat.ble 2 (size (x :: y :: rest)) = true := zero_ble (size rest)

-- The left part of a list of two or more is shorter than the list.
theorem left_shorter (x y : Entry) (rest : List Entry) :
    Nat.ble (size (leftPart (x :: y :: rest))) (size (y :: rest)) = true :=
  size_take_less (x :: y :: rest) rfl (split_below (size (x :: y :: rest)) (two_or_more x y rest))

theorem size_drop_some {n : Nat} (x : Entry) (xs : List Entry) (h : Nat.ble 1 n = true) :
    Nat.ble (size (drop n (x :: xs))) (size xs) = true := by
  cases n with
  | zero => exact absurd_flag h
  | succ k => exact size_drop_le k xs

-- So is the right part.
theorem right_shorter (x y : Entry) (rest : List Entry) :
    Nat.ble (size (rightPart (x :: y :: rest))) (size (y :: rest)) = true :=
  size_drop_some x (y :: rest) (split_pos (size (x :: y :: rest)))

theorem node_congr (H : Hash Entry Digest) {a b c d : Digest} (h : a = c) (h' : b = d) : H.node a b = H.node c d :=
  (congrArg (fun e => H.node e b) h).trans (congrArg (H.node c) h')

theorem mthWithin_enough (H : Hash Entry Digest) : (f g : Nat) → (xs : List Entry) →
    Nat.ble (size xs) f = true → Nat.ble (size xs) g = true → mthWithin H f xs = mthWithin H g xs
  | Nat.zero, Nat.zero, _, _, _ => rfl
  | Nat.zero, Nat.succ _, [], _, _ => rfl
  | Nat.zero, Nat.succ _, _ :: _, h, _ => absurd_flag h
  | Nat.succ _, Nat.zero, [], _, _ => rfl
  | Nat.succ _, Nat.zero, _ :: _, _, h => absurd_flag h
  | Nat.succ _, Nat.succ _, [], _, _ => rfl
  | Nat.succ _, Nat.succ _, [_], _, _ => rfl
  | Nat.succ f, Nat.succ g, x :: y :: rest, hf, hg =>
    have left := mthWithin_enough H f g (leftPart (x :: y :: rest))
      (ble_trans (left_shorter x y rest) hf) (ble_trans (left_shorter x y rest) hg)
    have right := mthWithin_enough H f g (rightPart (x :: y :: rest))
      (ble_trans (right_shorter x y rest) hf) (ble_trans (right_shorter x y rest) hg)
    node_congr H left right

theorem mth_within (H : Hash Entry Digest) (n : Nat) (xs : List Entry) (h : Nat.ble (size xs) n = true) :
    mthWithin H n xs = mth H xs := mthWithin_enough H n (size xs) xs h (ble_refl (size xs))

/-- **MTH is RFC 6962's:** of two or more entries it is the node over MTH of the first k and MTH of the others, where k is
the largest power of two below their number. -/
theorem mth_is_rfc6962 (H : Hash Entry Digest) (x y : Entry) (rest : List Entry) :
    mth H (x :: y :: rest) = H.node (mth H (leftPart (x :: y :: rest))) (mth H (rightPart (x :: y :: rest))) :=
  node_congr H (mth_within H (size (y :: rest)) (leftPart (x :: y :: rest)) (left_shorter x y rest))
    (mth_within H (size (y :: rest)) (rightPart (x :: y :: rest)) (right_shorter x y rest))

-- The same for a list that is known to have two or more.
theorem mth_splits (H : Hash Entry Digest) : (xs : List Entry) → Nat.ble 2 (size xs) = true →
    mth H xs = H.node (mth H (leftPart xs)) (mth H (rightPart xs))
  | [], h => absurd_flag h
  | [_], h => absurd_flag h
  | x :: y :: rest, _ => mth_is_rfc6962 H x y rest

theorem same_halves {k l : Nat} {xs ys : List Entry} (left : take k xs = take l ys) (right : drop k xs = drop l ys) :
    xs = ys :=
  (take_drop k xs).symm.trans
    (((congrArg (fun t => append t (drop k xs)) left).trans (congrArg (append (take l ys)) right)).trans (take_drop l ys))

theorem root_commits_within {H : Hash Entry Digest} (safe : NoCollisions H) : (bound : Nat) → (xs ys : List Entry) →
    Nat.ble (size xs) bound = true → mth H xs = mth H ys → xs = ys
  | _, [], [], _, _ => rfl
  | _, [], [y], _, h => False.elim (safe.empty_is_no_leaf y h)
  | _, [], y :: y' :: ys, _, h => False.elim (safe.empty_is_no_node _ _ (h.trans (mth_is_rfc6962 H y y' ys)))
  | _, [x], [], _, h => False.elim (safe.empty_is_no_leaf x h.symm)
  | _, [x], [y], _, h => congrArg (fun z => [z]) (safe.leaf_injective x y h)
  | _, [x], y :: y' :: ys, _, h => False.elim (safe.leaf_is_no_node x _ _ (h.trans (mth_is_rfc6962 H y y' ys)))
  | _, x :: x' :: xs, [], _, h => False.elim (safe.empty_is_no_node _ _ (h.symm.trans (mth_is_rfc6962 H x x' xs)))
  | _, x :: x' :: xs, [y], _, h => False.elim (safe.leaf_is_no_node y _ _ (h.symm.trans (mth_is_rfc6962 H x x' xs)))
  | Nat.zero, _ :: _ :: _, _ :: _ :: _, within, _ => absurd_flag within
  | Nat.succ bound, x :: x' :: xs, y :: y' :: ys, within, h =>
    have halves := safe.node_injective _ _ _ _
      (((mth_is_rfc6962 H x x' xs).symm.trans h).trans (mth_is_rfc6962 H y y' ys))
    have left := root_commits_within safe bound (leftPart (x :: x' :: xs)) (leftPart (y :: y' :: ys))
      (ble_trans (left_shorter x x' xs) within) halves.1
    have right := root_commits_within safe bound (rightPart (x :: x' :: xs)) (rightPart (y :: y' :: ys))
      (ble_trans (right_shorter x x' xs) within) halves.2
    same_halves left right

/-- **A root commits to the whole log:** two logs with one root are the same log. -/
theorem root_commits {H : Hash Entry Digest} (safe : NoCollisions H) {xs ys : List Entry} (h : mth H xs = mth H ys) : xs = ys :=
  root_commits_within safe (size xs) xs ys (ble_refl _) h

/-! ## Inclusion -/

def mapSome (f : Digest → Digest) : Option Digest → Option Digest
  | none => none
  | some a => some (f a)

/-- The root that a path leads to from the leaf hash of number `index` of `n`; the path stands from the root down. -/
def inclusionRoot (H : Hash Entry Digest) (leafHash : Digest) : List Digest → Nat → Nat → Option Digest
  | [], index, n => if n = 1 ∧ index = 0 then some leafHash else none
  | sibling :: path, index, n =>
    if Nat.ble 2 n = false then none
    else if Nat.ble (Nat.succ index) (split n) = true then
      mapSome (fun left => H.node left sibling) (inclusionRoot H leafHash path index (split n))
    else
      mapSome (fun right => H.node sibling right) (inclusionRoot H leafHash path (minus index (split n)) (minus n (split n)))

/-- `verifyInclusion`: the path, from the leaf's sibling up, leads to the root (RFC 6962 section 2.1.1). -/
def verifyInclusion (H : Hash Entry Digest) (leafHash : Digest) (index n : Nat) (path : List Digest) (root : Digest) : Prop :=
  inclusionRoot H leafHash (reverse path) index n = some root

theorem joined {f : Digest → Digest} : {o : Option Digest} → {d : Digest} → mapSome f o = some d →
    ∃ a, o = some a ∧ f a = d
  | none, _, h => nothing h
  | some a, _, h => ⟨a, rfl, some_same h⟩

theorem only_entry {H : Hash Entry Digest} (safe : NoCollisions H) (entry : Entry) (index : Nat) : (log : List Entry) → size log = 1 →
    index = 0 → H.leaf entry = mth H log → nth log index = some entry
  | [], one, _, _ => absurd_flag (congrArg (Nat.ble 1) one)
  | [x], _, start, same => (congrArg (nth [x]) start).trans (congrArg some (safe.leaf_injective entry x same).symm)
  | x :: y :: more, one, _, _ => not_both (two_or_more x y more) (congrArg (Nat.ble 2) one)

theorem inclusionRoot_sound {H : Hash Entry Digest} (safe : NoCollisions H) (entry : Entry) : (path : List Digest) → (index : Nat) →
    (log : List Entry) → inclusionRoot H (H.leaf entry) path index (size log) = some (mth H log) →
    nth log index = some entry
  | [], index, log, h =>
    match choice h with
    | Or.inr both => nothing both.2
    | Or.inl both => only_entry safe entry index log both.1.1 both.1.2 (some_same both.2)
  | sibling :: path, index, log, h =>
    match choice h with
    | Or.inl both => nothing both.2
    | Or.inr both =>
      have two : Nat.ble 2 (size log) = true := true_of_not_false both.1
      have root := mth_splits H log two
      have below := split_below (size log) two
      match choice both.2 with
      | Or.inl inLeft =>
        match joined (f := fun left => H.node left sibling) inLeft.2 with
        | ⟨left, inner, joins⟩ =>
          have isLeft : left = mth H (take (split (size log)) log) :=
            (safe.node_injective _ _ _ _ (joins.trans root)).1
          have sized : size (take (split (size log)) log) = split (size log) :=
            size_take _ _ (ble_of_lt below)
          have inner' : inclusionRoot H (H.leaf entry) path index (size (take (split (size log)) log))
              = some (mth H (take (split (size log)) log)) :=
            (congrArg (inclusionRoot H (H.leaf entry) path index) sized).trans (inner.trans (congrArg some isLeft))
          nth_take (split (size log)) index log (inclusionRoot_sound safe entry path index _ inner')
      | Or.inr inRight =>
        match joined (f := fun right => H.node sibling right) inRight.2 with
        | ⟨right, inner, joins⟩ =>
          have isRight : right = mth H (drop (split (size log)) log) :=
            (safe.node_injective _ _ _ _ (joins.trans root)).2
          have sized : size (drop (split (size log)) log) = minus (size log) (split (size log)) := size_drop _ _
          have inner' : inclusionRoot H (H.leaf entry) path (minus index (split (size log)))
              (size (drop (split (size log)) log)) = some (mth H (drop (split (size log)) log)) :=
            (congrArg (inclusionRoot H (H.leaf entry) path (minus index (split (size log)))) sized).trans
              (inner.trans (congrArg some isRight))
          have least : Nat.ble (split (size log)) index = true := lt_of_not_ble (false_of_not_true inRight.1)
          nth_drop (split (size log)) index log least (inclusionRoot_sound safe entry path _ _ inner')

/-- **Inclusion is sound:** a proof that verifies against the root of a log shows that the entry stands in it, at that
place. -/
theorem inclusion_is_sound {H : Hash Entry Digest} (safe : NoCollisions H) {entry : Entry} {index : Nat} {path : List Digest} {log : List Entry}
    (h : verifyInclusion H (H.leaf entry) index (size log) path (mth H log)) : nth log index = some entry :=
  inclusionRoot_sound safe entry (reverse path) index log h

/-! ## Consistency -/

def mapPair (f g : Digest → Digest) : Option (Digest × Digest) → Option (Digest × Digest)
  | none => none
  | some (a, b) => some (f a, g b)

/-- A common subtree whose hash the verifier has to be told: the last of the path. -/
def told (hash : Digest) : List Digest → Bool → Option (Digest × Digest)
  | [], false => some (hash, hash)
  | [], true => none
  | _ :: _, _ => none

/-- The roots of both trees that SUBPROOF(m, D[n], b) leads to; the path stands from the root down. `b` says that the
verifier knows the root of the whole left part: it is the old root. -/
def consistencyRoots (H : Hash Entry Digest) (oldRoot : Digest) :
    List Digest → Nat → Nat → Bool → Option (Digest × Digest)
  | [], m, n, b => if m = n ∧ b = true then some (oldRoot, oldRoot) else none
  | hash :: path, m, n, b =>
    if m = n then told hash path b
    else if Nat.ble m (split n) = true then
      mapPair (fun old => old) (fun young => H.node young hash) (consistencyRoots H oldRoot path m (split n) b)
    else
      mapPair (fun old => H.node hash old) (fun young => H.node hash young)
        (consistencyRoots H oldRoot path (minus m (split n)) (minus n (split n)) false)

/-- `verifyConsistency`: the proof leads to both roots (RFC 6962 section 2.1.2). -/
def verifyConsistency (H : Hash Entry Digest) (m n : Nat) (path : List Digest) (root₁ root₂ : Digest) : Prop :=
  Nat.ble 1 m = true ∧ Nat.ble m n = true ∧ consistencyRoots H root₁ (reverse path) m n true = some (root₁, root₂)

theorem joined_pair {f g : Digest → Digest} : {o : Option (Digest × Digest)} → {d e : Digest} →
    mapPair f g o = some (d, e) → ∃ a b, o = some (a, b) ∧ f a = d ∧ g b = e
  | none, _, _, h => nothing h
  | some (a, b), _, _, h =>
    have same := some_same h
    ⟨a, b, rfl, congrArg Prod.fst same, congrArg Prod.snd same⟩

theorem one_and_same {d e f : Digest} (h : some (d, d) = some (e, f)) : e = f :=
  have same := some_same h
  (congrArg Prod.fst same).symm.trans (congrArg Prod.snd same)

theorem told_same {hash d e : Digest} : {path : List Digest} → {b : Bool} → told hash path b = some (d, e) → d = e
  | [], false, h => one_and_same h
  | [], true, h => nothing h
  | _ :: _, _, h => nothing h

theorem equal_is_prefix {H : Hash Entry Digest} (safe : NoCollisions H) {old young : List Entry} (sizes : size old = size young)
    (roots : mth H old = mth H young) : old = take (size old) young :=
  have same := root_commits safe roots
  same.trans ((take_all young).symm.trans (congrArg (fun n => take n young) sizes.symm))

theorem pairs {a b c d : Digest} (h : a = c) (h' : b = d) : some (a, b) = some (c, d) :=
  (congrArg (fun x => some (x, b)) h).trans (congrArg (fun x => some (c, x)) h')

theorem succ_some {a : Nat} (h : Nat.ble 1 a = true) : Nat.ble 2 (Nat.succ a) = true := h

theorem consistencyRoots_sound {H : Hash Entry Digest} (safe : NoCollisions H) (oldRoot : Digest) : (path : List Digest) → (b : Bool) →
    (old young : List Entry) → Nat.ble 1 (size old) = true → Nat.ble (size old) (size young) = true →
    consistencyRoots H oldRoot path (size old) (size young) b = some (mth H old, mth H young) →
    old = take (size old) young
  | [], b, old, young, _, _, h =>
    match choice h with
    | Or.inr both => nothing both.2
    | Or.inl both => equal_is_prefix safe both.1.1 (one_and_same both.2)
  | hash :: path, b, old, young, some_, fewer, h =>
    match choice h with
    | Or.inl both => equal_is_prefix safe both.1 (told_same both.2)
    | Or.inr both =>
      have less := lt_of_ble_ne fewer both.1
      have two : Nat.ble 2 (size young) = true := ble_trans (succ_some some_) less
      have root := mth_splits H young two
      have below := split_below (size young) two
      match choice both.2 with
      | Or.inl inLeft =>
        match joined_pair (f := fun o => o) (g := fun y => H.node y hash) inLeft.2 with
        | ⟨o, y, inner, sameOld, joins⟩ =>
          have isLeft : y = mth H (take (split (size young)) young) :=
            (safe.node_injective _ _ _ _ (joins.trans root)).1
          have sized : size (take (split (size young)) young) = split (size young) :=
            size_take _ _ (ble_of_lt below)
          have inner' : consistencyRoots H oldRoot path (size old) (size (take (split (size young)) young)) b
              = some (mth H old, mth H (take (split (size young)) young)) :=
            (congrArg (fun n => consistencyRoots H oldRoot path (size old) n b) sized).trans
              (inner.trans (pairs sameOld isLeft))
          have within : Nat.ble (size old) (size (take (split (size young)) young)) = true :=
            (congrArg (Nat.ble (size old)) sized).trans inLeft.1
          (consistencyRoots_sound safe oldRoot path b old _ some_ within inner').trans
            (take_take (size old) (split (size young)) young inLeft.1)
      | Or.inr inRight =>
        match joined_pair (f := fun o => H.node hash o) (g := fun y => H.node hash y) inRight.2 with
        | ⟨o, y, inner, joinsOld, joins⟩ =>
          have above : Nat.ble (Nat.succ (split (size young))) (size old) = true :=
            lt_of_not_ble (false_of_not_true inRight.1)
          have sameSplit : split (size old) = split (size young) := split_stable (size young) above fewer
          have oldTwo : Nat.ble 2 (size old) = true := ble_trans (succ_some (split_pos (size young))) above
          have oldRoot' : mth H old = H.node (mth H (take (split (size young)) old)) (mth H (drop (split (size young)) old)) :=
            (mth_splits H old oldTwo).trans
              (congrArg (fun k => H.node (mth H (take k old)) (mth H (drop k old))) sameSplit)
          have oldHalves := safe.node_injective _ _ _ _ (joinsOld.trans oldRoot')
          have halves := safe.node_injective _ _ _ _ (joins.trans root)
          have left : take (split (size young)) old = take (split (size young)) young :=
            root_commits safe (oldHalves.1.symm.trans halves.1)
          have inner' : consistencyRoots H oldRoot path (size (drop (split (size young)) old))
              (size (drop (split (size young)) young)) false
              = some (mth H (drop (split (size young)) old), mth H (drop (split (size young)) young)) :=
            ((congrArg (fun n => consistencyRoots H oldRoot path n (size (drop (split (size young)) young)) false)
                (size_drop (split (size young)) old)).trans
              (congrArg (fun n => consistencyRoots H oldRoot path (minus (size old) (split (size young))) n false)
                (size_drop (split (size young)) young))).trans
              (inner.trans (pairs oldHalves.2 halves.2))
          have some' : Nat.ble 1 (size (drop (split (size young)) old)) = true :=
            (congrArg (Nat.ble 1) (size_drop (split (size young)) old)).trans (minus_pos above)
          have fewer' : Nat.ble (size (drop (split (size young)) old)) (size (drop (split (size young)) young)) = true :=
            (congrArg (fun n => Nat.ble n (size (drop (split (size young)) young)))
                (size_drop (split (size young)) old)).trans
              ((congrArg (Nat.ble (minus (size old) (split (size young))))
                (size_drop (split (size young)) young)).trans (minus_mono (split (size young)) fewer))
          have right : drop (split (size young)) old
              = take (minus (size old) (split (size young))) (drop (split (size young)) young) :=
            (consistencyRoots_sound safe oldRoot path false _ _ some' fewer' inner').trans
              (congrArg (fun n => take n (drop (split (size young)) young)) (size_drop (split (size young)) old))
          have whole : append (take (split (size young)) old) (drop (split (size young)) old)
              = append (take (split (size young)) young)
                (take (minus (size old) (split (size young))) (drop (split (size young)) young)) :=
            (congrArg (fun t => append t (drop (split (size young)) old)) left).trans
              (congrArg (append (take (split (size young)) young)) right)
          (take_drop (split (size young)) old).symm.trans
            (whole.trans (take_past (split (size young)) (size old) young (ble_of_lt above)))

/-- **Consistency means prefix:** a proof that verifies against the roots of two logs shows that the old log is the
beginning of the new one: nothing was changed, removed or put in between. -/
theorem consistency_means_prefix {H : Hash Entry Digest} (safe : NoCollisions H) {path : List Digest} {old young : List Entry}
    (h : verifyConsistency H (size old) (size young) path (mth H old) (mth H young)) : old = take (size old) young :=
  consistencyRoots_sound safe (mth H old) (reverse path) true old young h.1 h.2.1 h.2.2

end Multimail

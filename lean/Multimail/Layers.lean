/-
The tree from below: pairing the hashes of one layer gives the next, and the root stays the same. This is what the loops
of RFC 9162 climb.
-/
import Multimail.Completeness

namespace Multimail

/-! ## Half of a number, and twice -/

/-- `⌊n / 2⌋`. -/
def half : Nat → Nat
  | Nat.zero => 0
  | Nat.succ Nat.zero => 0
  | Nat.succ (Nat.succ n) => Nat.succ (half n)

def isOdd : Nat → Bool
  | Nat.zero => false
  | Nat.succ Nat.zero => true
  | Nat.succ (Nat.succ n) => isOdd n

/-- `⌈n / 2⌉`. -/
def halfUp : Nat → Nat
  | Nat.zero => 0
  | Nat.succ Nat.zero => 1
  | Nat.succ (Nat.succ n) => Nat.succ (halfUp n)

def double : Nat → Nat
  | Nat.zero => 0
  | Nat.succ n => Nat.succ (Nat.succ (double n))

theorem succ_plus (a : Nat) : (b : Nat) → Nat.succ a + b = Nat.succ (a + b)
  | Nat.zero => rfl
  | Nat.succ b => congrArg Nat.succ (succ_plus a b)

theorem plus_itself : (n : Nat) → n + n = double n
  | Nat.zero => rfl
  | Nat.succ n => congrArg Nat.succ ((succ_plus n n).trans (congrArg Nat.succ (plus_itself n)))

theorem halfUp_succ : (n : Nat) → halfUp (Nat.succ n) = Nat.succ (half n)
  | Nat.zero => rfl
  | Nat.succ Nat.zero => rfl
  | Nat.succ (Nat.succ n) => congrArg Nat.succ (halfUp_succ n)

theorem double_halfUp_low : (n : Nat) → Nat.ble n (double (halfUp n)) = true
  | Nat.zero => rfl
  | Nat.succ Nat.zero => rfl
  | Nat.succ (Nat.succ n) => double_halfUp_low n

theorem double_halfUp_high : (n : Nat) → Nat.ble (double (halfUp n)) (Nat.succ n) = true
  | Nat.zero => rfl
  | Nat.succ Nat.zero => rfl
  | Nat.succ (Nat.succ n) => double_halfUp_high n

theorem double_mono : {a b : Nat} → Nat.ble a b = true → Nat.ble (double a) (double b) = true
  | Nat.zero, b, _ => zero_ble (double b)
  | Nat.succ _, Nat.zero, h => absurd_flag h
  | Nat.succ a, Nat.succ b, h => double_mono (a := a) (b := b) h

theorem half_mono : {a b : Nat} → Nat.ble a b = true → Nat.ble (half a) (half b) = true
  | Nat.zero, b, _ => zero_ble (half b)
  | Nat.succ _, Nat.zero, h => absurd_flag h
  | Nat.succ Nat.zero, Nat.succ b, _ => zero_ble (half (Nat.succ b))
  | Nat.succ (Nat.succ _), Nat.succ Nat.zero, h => absurd_flag h
  | Nat.succ (Nat.succ a), Nat.succ (Nat.succ b), h => half_mono (a := a) (b := b) h

theorem half_le : (n : Nat) → Nat.ble (half n) n = true
  | Nat.zero => rfl
  | Nat.succ Nat.zero => rfl
  | Nat.succ (Nat.succ n) =>
    have within : Nat.ble (half n) (Nat.succ n) = true := ble_trans (half_le n) (ble_succ n)
    within

/-! ## Two powers of two around one number are the same -/

theorem power_pos {n : Nat} (h : PowerOfTwo n) : Nat.ble 1 n = true := by
  induction h with
  | one => exact rfl
  | double h ih => exact ble_trans ih (ble_add_right _ _)

theorem less_by_double {a b : Nat} (h : Nat.ble (Nat.succ (double a)) (double b) = true) :
    Nat.ble (Nat.succ a) b = true :=
  match bool_cases (Nat.ble b a) with
  | Or.inr f => lt_of_not_ble f
  | Or.inl t => not_both (ble_trans h (double_mono t)) (lt_irrefl (double a))

theorem power_gap {q : Nat} (hq : PowerOfTwo q) : {p : Nat} → PowerOfTwo p → Nat.ble (Nat.succ p) q = true →
    Nat.ble (double p) q = true := by
  induction hq with
  | one =>
    intro p hp less
    exact not_both (ble_trans (succ_some (power_pos hp)) less) rfl
  | double hr ih =>
    intro p hp less
    cases hp with
    | one => exact (congrArg (Nat.ble 2) (plus_itself _)).trans (double_mono (power_pos hr))
    | double hs =>
      have less' := (congrArg (Nat.ble _) (plus_itself _)).symm.trans less
      have less'' := (congrArg (fun k => Nat.ble (Nat.succ k) _) (plus_itself _)).symm.trans less'
      have inner := ih hs (less_by_double less'')
      have outer := double_mono inner
      have outer' := (congrArg (fun k => Nat.ble (double k) _) (plus_itself _)).trans outer
      exact (congrArg (Nat.ble _) (plus_itself _)).trans outer'

theorem power_unique {p q n : Nat} (hp : PowerOfTwo p) (hq : PowerOfTwo q) (belowP : Nat.ble (Nat.succ p) n = true)
    (reachP : Nat.ble n (double p) = true) (belowQ : Nat.ble (Nat.succ q) n = true)
    (reachQ : Nat.ble n (double q) = true) : p = q :=
  match decEq p q with
  | Decidable.isTrue e => e
  | Decidable.isFalse ne =>
    match bool_cases (Nat.ble p q) with
    | Or.inl t =>
      have gap := power_gap hq hp (lt_of_ble_ne t ne)
      not_both (ble_trans belowQ (ble_trans reachP gap)) (lt_irrefl q)
    | Or.inr f =>
      have gap := power_gap hp hq (lt_of_not_ble f)
      not_both (ble_trans belowP (ble_trans reachQ gap)) (lt_irrefl p)

theorem halfUp_two : (n : Nat) → Nat.ble 3 n = true → Nat.ble 2 (halfUp n) = true
  | Nat.zero, h => absurd_flag h
  | Nat.succ Nat.zero, h => absurd_flag h
  | Nat.succ (Nat.succ Nat.zero), h => absurd_flag h
  | Nat.succ (Nat.succ (Nat.succ n)), _ => (congrArg (Nat.ble 1) (halfUp_succ n)).trans (zero_ble (half n))

/-- The split of a layer is twice the split of the layer above. -/
theorem split_halves (n : Nat) (three : Nat.ble 3 n = true) : split n = double (split (halfUp n)) :=
  have two : Nat.ble 2 n = true := ble_trans (ble_succ 2) three
  have upTwo := halfUp_two n three
  have powerUp : PowerOfTwo (double (split (halfUp n))) :=
    Eq.mp (congrArg PowerOfTwo (plus_itself (split (halfUp n)))) (PowerOfTwo.double (split_power (halfUp n)))
  have reach : Nat.ble n (double (split n)) = true :=
    (congrArg (Nat.ble n) (plus_itself (split n))).symm.trans (split_reaches n)
  have reachUp : Nat.ble (halfUp n) (double (split (halfUp n))) = true :=
    (congrArg (Nat.ble (halfUp n)) (plus_itself (split (halfUp n)))).symm.trans (split_reaches (halfUp n))
  have reachTwice : Nat.ble n (double (double (split (halfUp n)))) = true :=
    ble_trans (double_halfUp_low n) (double_mono reachUp)
  have belowTwice : Nat.ble (double (Nat.succ (split (halfUp n)))) (Nat.succ n) = true :=
    ble_trans (double_mono (split_below (halfUp n) upTwo)) (double_halfUp_high n)
  have below : Nat.ble (Nat.succ (double (split (halfUp n)))) n = true := belowTwice
  power_unique (split_power n) powerUp (split_below n two) reach below reachTwice

/-! ## Layers -/

section
variable {Entry Digest : Type}

/-- The layer above: neighbours are hashed, one without a neighbour rises as it is. -/
def pairUp (node : Digest → Digest → Digest) : List Digest → List Digest
  | [] => []
  | [x] => [x]
  | x :: y :: rest => node x y :: pairUp node rest

theorem size_pairUp (node : Digest → Digest → Digest) : (xs : List Digest) → size (pairUp node xs) = halfUp (size xs)
  | [] => rfl
  | [_] => rfl
  | _ :: _ :: rest => congrArg Nat.succ (size_pairUp node rest)

theorem take_nothing {α : Type} : (k : Nat) → take k ([] : List α) = []
  | Nat.zero => rfl
  | Nat.succ _ => rfl

theorem drop_nothing {α : Type} : (k : Nat) → drop k ([] : List α) = []
  | Nat.zero => rfl
  | Nat.succ _ => rfl

theorem pairUp_take (node : Digest → Digest → Digest) : (k : Nat) → (xs : List Digest) →
    pairUp node (take (double k) xs) = take k (pairUp node xs)
  | Nat.zero, _ => rfl
  | Nat.succ _, [] => rfl
  | Nat.succ k, [x] => congrArg (List.cons x) (take_nothing k).symm
  | Nat.succ k, x :: y :: rest => congrArg (List.cons (node x y)) (pairUp_take node k rest)

theorem pairUp_drop (node : Digest → Digest → Digest) : (k : Nat) → (xs : List Digest) →
    pairUp node (drop (double k) xs) = drop k (pairUp node xs)
  | Nat.zero, _ => rfl
  | Nat.succ _, [] => rfl
  | Nat.succ k, [x] => (drop_nothing k).symm
  | Nat.succ k, x :: y :: rest => pairUp_drop node k rest

/-- The same hashing where the entries are the leaf hashes. -/
def overLeaves (H : Hash Entry Digest) : Hash Digest Digest := { empty := H.empty, leaf := fun d => d, node := H.node }

/-- The root over a layer. -/
def layerRoot (H : Hash Entry Digest) (layer : List Digest) : Digest := mth (overLeaves H) layer

theorem layerRoot_splits (H : Hash Entry Digest) (layer : List Digest) (two : Nat.ble 2 (size layer) = true) :
    layerRoot H layer = H.node (layerRoot H (leftPart layer)) (layerRoot H (rightPart layer)) :=
  mth_splits (overLeaves H) layer two

theorem pairUp_of_few (H : Hash Entry Digest) : (layer : List Digest) → Nat.ble 3 (size layer) = false →
    layerRoot H layer = layerRoot H (pairUp H.node layer)
  | [], _ => rfl
  | [_], _ => rfl
  | [_, _], _ => rfl
  | _ :: _ :: _ :: rest, few => not_both (zero_ble (size rest)) few

theorem pairUp_within (H : Hash Entry Digest) : (bound : Nat) → (layer : List Digest) →
    Nat.ble (size layer) bound = true → layerRoot H layer = layerRoot H (pairUp H.node layer)
  | Nat.zero, [], _ => rfl
  | Nat.zero, _ :: _, fits => absurd_flag fits
  | Nat.succ bound, layer, fits =>
    match bool_cases (Nat.ble 3 (size layer)) with
    | Or.inr few => pairUp_of_few H layer few
    | Or.inl three =>
      have two : Nat.ble 2 (size layer) = true := ble_trans (ble_succ 2) three
      have sized : size (pairUp H.node layer) = halfUp (size layer) := size_pairUp H.node layer
      have upTwo : Nat.ble 2 (size (pairUp H.node layer)) = true :=
        (congrArg (Nat.ble 2) sized).trans (halfUp_two (size layer) three)
      have splits : split (size layer) = double (split (size (pairUp H.node layer))) :=
        (split_halves (size layer) three).trans (congrArg (fun n => double (split n)) sized.symm)
      have left : pairUp H.node (leftPart layer) = leftPart (pairUp H.node layer) :=
        (congrArg (fun k => pairUp H.node (take k layer)) splits).trans
          (pairUp_take H.node (split (size (pairUp H.node layer))) layer)
      have right : pairUp H.node (rightPart layer) = rightPart (pairUp H.node layer) :=
        (congrArg (fun k => pairUp H.node (drop k layer)) splits).trans
          (pairUp_drop H.node (split (size (pairUp H.node layer))) layer)
      have leftRoot := (pairUp_within H bound (leftPart layer) (left_fits layer two fits)).trans
        (congrArg (layerRoot H) left)
      have rightRoot := (pairUp_within H bound (rightPart layer) (right_fits layer two fits)).trans
        (congrArg (layerRoot H) right)
      (layerRoot_splits H layer two).trans
        ((node_congr H leftRoot rightRoot).trans (layerRoot_splits H (pairUp H.node layer) upTwo).symm)

/-- **The layer above has the same root.** -/
theorem pairUp_keeps_root (H : Hash Entry Digest) (layer : List Digest) :
    layerRoot H layer = layerRoot H (pairUp H.node layer) :=
  pairUp_within H (size layer) layer (ble_refl (size layer))

/-! ## Leaves -/

/-- The leaf hashes of a log. -/
def leaves (H : Hash Entry Digest) : List Entry → List Digest
  | [] => []
  | x :: rest => H.leaf x :: leaves H rest

theorem size_leaves (H : Hash Entry Digest) : (log : List Entry) → size (leaves H log) = size log
  | [] => rfl
  | _ :: rest => congrArg Nat.succ (size_leaves H rest)

theorem leaves_take (H : Hash Entry Digest) : (k : Nat) → (log : List Entry) →
    leaves H (take k log) = take k (leaves H log)
  | Nat.zero, _ => rfl
  | Nat.succ _, [] => rfl
  | Nat.succ k, x :: rest => congrArg (List.cons (H.leaf x)) (leaves_take H k rest)

theorem leaves_drop (H : Hash Entry Digest) : (k : Nat) → (log : List Entry) →
    leaves H (drop k log) = drop k (leaves H log)
  | Nat.zero, _ => rfl
  | Nat.succ _, [] => rfl
  | Nat.succ k, _ :: rest => leaves_drop H k rest

theorem mth_of_few_leaves (H : Hash Entry Digest) : (log : List Entry) → Nat.ble 2 (size log) = false →
    mth H log = layerRoot H (leaves H log)
  | [], _ => rfl
  | [_], _ => rfl
  | x :: y :: rest, few => not_both (two_or_more x y rest) few

theorem mth_of_leaves_within (H : Hash Entry Digest) : (bound : Nat) → (log : List Entry) →
    Nat.ble (size log) bound = true → mth H log = layerRoot H (leaves H log)
  | Nat.zero, [], _ => rfl
  | Nat.zero, _ :: _, fits => absurd_flag fits
  | Nat.succ bound, log, fits =>
    match bool_cases (Nat.ble 2 (size log)) with
    | Or.inr few => mth_of_few_leaves H log few
    | Or.inl two =>
      have sized := size_leaves H log
      have leavesTwo : Nat.ble 2 (size (leaves H log)) = true := (congrArg (Nat.ble 2) sized).trans two
      have left : leaves H (leftPart log) = leftPart (leaves H log) :=
        (leaves_take H (split (size log)) log).trans
          (congrArg (fun n => take (split n) (leaves H log)) sized.symm)
      have right : leaves H (rightPart log) = rightPart (leaves H log) :=
        (leaves_drop H (split (size log)) log).trans
          (congrArg (fun n => drop (split n) (leaves H log)) sized.symm)
      have leftRoot := (mth_of_leaves_within H bound (leftPart log) (left_fits log two fits)).trans
        (congrArg (layerRoot H) left)
      have rightRoot := (mth_of_leaves_within H bound (rightPart log) (right_fits log two fits)).trans
        (congrArg (layerRoot H) right)
      (mth_splits H log two).trans
        ((node_congr H leftRoot rightRoot).trans (layerRoot_splits H (leaves H log) leavesTwo).symm)

/-- The root of a log is the root over the layer of its leaf hashes. -/
theorem mth_of_leaves (H : Hash Entry Digest) (log : List Entry) : mth H log = layerRoot H (leaves H log) :=
  mth_of_leaves_within H (size log) log (ble_refl (size log))

end

end Multimail

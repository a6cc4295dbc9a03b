/-
The little arithmetic that the tree needs, from the ground up: `Nat.ble a b` is a ≤ b, `Nat.ble (a + 1) b` is a < b.
-/
import Multimail.Gate

namespace Multimail

theorem zero_ble : (n : Nat) → Nat.ble Nat.zero n = true
  | Nat.zero => rfl
  | Nat.succ _ => rfl

theorem ble_trans : {a b c : Nat} → Nat.ble a b = true → Nat.ble b c = true → Nat.ble a c = true
  | Nat.zero, _, c, _, _ => zero_ble c
  | Nat.succ _, Nat.zero, _, h, _ => absurd_flag h
  | Nat.succ _, Nat.succ _, Nat.zero, _, h => absurd_flag h
  | Nat.succ a, Nat.succ b, Nat.succ c, h, h' => ble_trans (a := a) (b := b) (c := c) h h'

theorem ble_succ : (a : Nat) → Nat.ble a (Nat.succ a) = true
  | Nat.zero => rfl
  | Nat.succ a => ble_succ a

theorem ble_of_lt {a b : Nat} (h : Nat.ble (Nat.succ a) b = true) : Nat.ble a b = true := ble_trans (ble_succ a) h

theorem lt_irrefl : (a : Nat) → Nat.ble (Nat.succ a) a = false
  | Nat.zero => rfl
  | Nat.succ a => lt_irrefl a

theorem ble_antisymm : {a b : Nat} → Nat.ble a b = true → Nat.ble b a = true → a = b
  | Nat.zero, Nat.zero, _, _ => rfl
  | Nat.zero, Nat.succ _, _, h => absurd_flag h
  | Nat.succ _, Nat.zero, h, _ => absurd_flag h
  | Nat.succ a, Nat.succ b, h, h' => congrArg Nat.succ (ble_antisymm (a := a) (b := b) h h')

-- What is not at most `b` is more than `b`.
theorem lt_of_not_ble : {a b : Nat} → Nat.ble a b = false → Nat.ble (Nat.succ b) a = true
  | Nat.zero, b, h => not_both (zero_ble b) h
  | Nat.succ a, Nat.zero, _ => zero_ble a
  | Nat.succ a, Nat.succ b, h => lt_of_not_ble (a := a) (b := b) h

theorem ble_add_right (a : Nat) : (b : Nat) → Nat.ble a (a + b) = true
  | Nat.zero => ble_refl a
  | Nat.succ b => ble_trans (ble_add_right a b) (ble_succ (a + b))

-- At most, and not equal.
theorem lt_of_ble_ne {a b : Nat} (h : Nat.ble a b = true) (n : ¬ a = b) : Nat.ble (Nat.succ a) b = true :=
  match bool_cases (Nat.ble b a) with
  | Or.inl t => absurd (ble_antisymm h t) n
  | Or.inr f => lt_of_not_ble f

/-- `a - b`, and 0 where `b` is more. -/
def minus : Nat → Nat → Nat
  | a, Nat.zero => a
  | Nat.zero, Nat.succ _ => Nat.zero
  | Nat.succ a, Nat.succ b => minus a b

theorem minus_zero : (a : Nat) → minus a Nat.zero = a
  | Nat.zero => rfl
  | Nat.succ _ => rfl

theorem minus_pos : {a b : Nat} → Nat.ble (Nat.succ b) a = true → Nat.ble 1 (minus a b) = true
  | Nat.zero, _, h => absurd_flag h
  | Nat.succ a, Nat.zero, _ => zero_ble a
  | Nat.succ a, Nat.succ b, h => minus_pos (a := a) (b := b) h

theorem minus_mono : {a b : Nat} → (k : Nat) → Nat.ble a b = true → Nat.ble (minus a k) (minus b k) = true
  | Nat.zero, b, Nat.zero, _ => zero_ble (minus b Nat.zero)
  | Nat.succ _, Nat.zero, Nat.zero, h => absurd_flag h
  | Nat.succ _, Nat.succ _, Nat.zero, h => h
  | Nat.zero, b, Nat.succ k, _ => zero_ble (minus b (Nat.succ k))
  | Nat.succ _, Nat.zero, Nat.succ _, h => absurd_flag h
  | Nat.succ a, Nat.succ b, Nat.succ k, h => minus_mono (a := a) (b := b) k h

/-! ## The split of RFC 6962 -/

/-- For 2 or more: the largest power of two below the number (`splitPoint`). -/
def split : Nat → Nat
  | Nat.zero => 1
  | Nat.succ n => if Nat.ble (Nat.succ (split n + split n)) (Nat.succ n) = true then split n + split n else split n

theorem split_cases (n : Nat) :
    (Nat.ble (Nat.succ (split n + split n)) (Nat.succ n) = true ∧ split n + split n = split (Nat.succ n)) ∨
    (¬ Nat.ble (Nat.succ (split n + split n)) (Nat.succ n) = true ∧ split n = split (Nat.succ n)) :=
  choice (show (if Nat.ble (Nat.succ (split n + split n)) (Nat.succ n) = true then split n + split n else split n)
    = split (Nat.succ n) from rfl)

inductive PowerOfTwo : Nat → Prop where
  | one : PowerOfTwo 1
  | double {n} (h : PowerOfTwo n) : PowerOfTwo (n + n)

theorem split_power : (n : Nat) → PowerOfTwo (split n)
  | Nat.zero => PowerOfTwo.one
  | Nat.succ n =>
    match split_cases n with
    | Or.inl both => Eq.mp (congrArg PowerOfTwo both.2) (PowerOfTwo.double (split_power n))
    | Or.inr both => Eq.mp (congrArg PowerOfTwo both.2) (split_power n)

theorem split_pos : (n : Nat) → Nat.ble 1 (split n) = true
  | Nat.zero => rfl
  | Nat.succ n =>
    match split_cases n with
    | Or.inl both =>
      (congrArg (Nat.ble 1) both.2).symm.trans (ble_trans (split_pos n) (ble_add_right (split n) (split n)))
    | Or.inr both => (congrArg (Nat.ble 1) both.2).symm.trans (split_pos n)

theorem split_below : (n : Nat) → Nat.ble 2 n = true → Nat.ble (Nat.succ (split n)) n = true
  | Nat.zero, h => absurd_flag h
  | Nat.succ Nat.zero, h => absurd_flag h
  | Nat.succ (Nat.succ Nat.zero), _ => rfl
  | Nat.succ (Nat.succ (Nat.succ n)), _ =>
    match split_cases (Nat.succ (Nat.succ n)) with
    | Or.inl both =>
      (congrArg (fun k => Nat.ble (Nat.succ k) (Nat.succ (Nat.succ (Nat.succ n)))) both.2).symm.trans both.1
    | Or.inr both =>
      (congrArg (fun k => Nat.ble (Nat.succ k) (Nat.succ (Nat.succ (Nat.succ n)))) both.2).symm.trans
        (ble_trans (split_below (Nat.succ (Nat.succ n)) (zero_ble n)) (ble_succ (Nat.succ (Nat.succ n))))

theorem succ_ble_add {n a : Nat} : {b : Nat} → Nat.ble n a = true → Nat.ble 1 b = true →
    Nat.ble (Nat.succ n) (a + b) = true
  | Nat.zero, _, h => absurd_flag h
  | Nat.succ b, h, _ =>
    have within : Nat.ble n (a + b) = true := ble_trans h (ble_add_right a b)
    within

theorem split_reaches : (n : Nat) → Nat.ble n (split n + split n) = true
  | Nat.zero => rfl
  | Nat.succ n =>
    match split_cases n with
    | Or.inr both =>
      have few : Nat.ble (split n + split n) n = false := false_of_not_true both.1
      (congrArg (fun k => Nat.ble (Nat.succ n) (k + k)) both.2).symm.trans (lt_of_not_ble few)
    | Or.inl both =>
      have some_ : Nat.ble 1 (split n + split n) = true :=
        ble_trans (split_pos n) (ble_add_right (split n) (split n))
      (congrArg (fun k => Nat.ble (Nat.succ n) (k + k)) both.2).symm.trans
        (succ_ble_add (split_reaches n) some_)

/-- `split` is RFC 6962's k: the largest power of two that is below `n`. -/
theorem split_is_largest_power_below (n : Nat) (h : Nat.ble 2 n = true) :
    PowerOfTwo (split n) ∧ Nat.ble (Nat.succ (split n)) n = true ∧ Nat.ble n (split n + split n) = true :=
  ⟨split_power n, split_below n h, split_reaches n⟩

/-- Between a split and its number, all have the same split. -/
theorem split_stable : (n : Nat) → {m : Nat} → Nat.ble (Nat.succ (split n)) m = true → Nat.ble m n = true →
    split m = split n
  | Nat.zero, _, above, within => absurd_flag (ble_trans above within)
  | Nat.succ n, m, above, within =>
    match decEq m (Nat.succ n) with
    | Decidable.isTrue e => congrArg split e
    | Decidable.isFalse ne =>
      have less : Nat.ble m n = true := lt_of_ble_ne within ne
      match split_cases n with
      | Or.inr both =>
        have above' : Nat.ble (Nat.succ (split n)) m = true :=
          (congrArg (fun k => Nat.ble (Nat.succ k) m) both.2).trans above
        (split_stable n above' less).trans both.2
      | Or.inl both =>
        have above' : Nat.ble (Nat.succ (split n + split n)) m = true :=
          (congrArg (fun k => Nat.ble (Nat.succ k) m) both.2).trans above
        not_both (ble_trans above' (ble_trans less (split_reaches n))) (lt_irrefl (split n + split n))

end Multimail

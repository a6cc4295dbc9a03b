/-
Scopes of keys and roles: what `assertScopesCompatible` of `src/core/credential.ts` and `roleScopes` of
`src/core/actor.ts` say.
-/
import Multimail.Approvals

namespace Multimail

inductive Scope where
  | read
  | send
  | admin
  | oversight
  | audit
  deriving DecidableEq

inductive Role where
  | owner
  | admin
  | approver
  | auditor

/-- Scopes that a person has by their role. -/
def roleScopes : Role → List Scope
  | Role.owner => [Scope.read, Scope.admin, Scope.oversight, Scope.audit]
  | Role.admin => [Scope.read, Scope.admin, Scope.oversight, Scope.audit]
  | Role.approver => [Scope.read, Scope.oversight]
  | Role.auditor => [Scope.read, Scope.audit]

inductive KeyRefusal where
  | scopes_exclude_each_other
  | key_not_narrower

/-- The rule that every new key has to pass. -/
def assertScopesCompatible (wanted : List Scope) : Except KeyRefusal Unit :=
  if includes Scope.send wanted = true ∧ includes Scope.oversight wanted = true
  then Except.error KeyRefusal.scopes_exclude_each_other
  else Except.ok ()

/-- Every scope that is wanted is held: the part of `assertNarrower` that is about scopes. -/
def withinScopes (held : List Scope) : List Scope → Bool
  | [] => true
  | wanted :: rest => if includes wanted held = true then withinScopes held rest else false

/-- `assertNarrower` for a key that makes a key, as far as it is about scopes. -/
def assertNarrower (held wanted : List Scope) : Except KeyRefusal Unit :=
  if includes Scope.send wanted = true ∧ includes Scope.oversight wanted = true
  then Except.error KeyRefusal.scopes_exclude_each_other
  else if withinScopes held wanted = false then Except.error KeyRefusal.key_not_narrower
  else Except.ok ()

/-- **No key both sends and decides:** scopes that pass the rule are never both `send` and `oversight`. -/
theorem no_key_sends_and_decides {wanted : List Scope} (h : assertScopesCompatible wanted = Except.ok ()) :
    ¬ (includes Scope.send wanted = true ∧ includes Scope.oversight wanted = true) :=
  match choice h with
  | Or.inl both => error_ne_ok both.2
  | Or.inr both => both.1

/-- **Nobody sends as a person**, so no session both sends and decides. -/
theorem no_role_sends (role : Role) : includes Scope.send (roleScopes role) = false := by
  cases role <;> exact rfl

theorem within_is_held {held : List Scope} {scope : Scope} :
    (wanted : List Scope) → withinScopes held wanted = true → includes scope wanted = true → includes scope held = true
  | [], _, h => absurd_flag h
  | first :: rest, within, h =>
    match choice within with
    | Or.inr both => absurd_flag both.2
    | Or.inl both =>
      match choice h with
      | Or.inl same => (congrArg (fun s => includes s held) same.1).trans both.1
      | Or.inr other => within_is_held rest both.2 other.2

/-- A key that a key makes has no scope that its maker lacks. -/
theorem no_key_grants_what_it_lacks {held wanted : List Scope} {scope : Scope}
    (h : assertNarrower held wanted = Except.ok ()) (has : includes scope wanted = true) :
    includes scope held = true :=
  match choice h with
  | Or.inl both => error_ne_ok both.2
  | Or.inr both =>
    match choice both.2 with
    | Or.inl wide => error_ne_ok wide.2
    | Or.inr fine => within_is_held wanted (true_of_not_false fine.1) has

end Multimail

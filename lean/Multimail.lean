/-
All of the model and its theorems.
-/
import Multimail.Machine
import Multimail.Change
import Multimail.Approvals
import Multimail.Trace
import Multimail.Gate
import Multimail.Rules
import Multimail.Scopes
import Multimail.Numbers
import Multimail.Log
import Multimail.Completeness
import Multimail.Layers
import Multimail.InclusionLoop
import Multimail.ConsistencyLoop

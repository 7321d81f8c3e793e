//! What locals are bound to, with undo and join for branches.

use ruff_python_ast::name::Name;

use super::frame::{Frame, Val};
use crate::domain::{Base, Op, Origin};

/// So many tests in force are searched for one of a place.
const TESTS: usize = 16;

impl Frame {
    /// An attribute, an element or a call of the value is used: a `None` in its place would fail here.
    pub(crate) fn note_use(&mut self, val: &Val) {
        if let Some(event) = val.main
            && let Some(it) = self.facts.events.get_mut(event as usize)
            && it.op == Op::Load
        {
            it.flags.used = true;
        }
    }

    /// `x.f()` or `f()`, where the callee may hand out what others keep: not the name of something in a module.
    pub(super) fn is_method_call(&self, call: u32) -> bool {
        let Origin::Place(callee) = self.facts.calls[call as usize].callee else { return false };
        let callee = &self.facts.places[callee as usize];
        match callee.base {
            Base::Global(_) | Base::Import(_) => callee.path.len() > 1 || callee.path.is_empty(),
            _ => !callee.path.is_empty(),
        }
    }

    /// Whether a test in force looks at the place.
    pub(crate) fn is_tested(&self, place: u32) -> bool {
        let mut guard = self.guard;
        for _ in 0..TESTS {
            let Some(it) = self.facts.guards.get(guard as usize) else { return false };
            if it.atoms.iter().any(|it| self.facts.events[it.event as usize].place == place) {
                return true;
            }
            guard = it.parent;
        }
        false
    }

    /// Binds a local.
    pub(crate) fn bind(&mut self, name: Name, val: Val) {
        let old = self.env.insert(name.clone(), val);
        self.journal.push((name, old));
    }

    /// Undoes the bindings since `mark`; returns what they were, latest wins.
    pub(crate) fn rewind(&mut self, mark: usize) -> Vec<(Name, Val)> {
        let mut changed: Vec<(Name, Val)> = Vec::new();
        while self.journal.len() > mark {
            let Some((name, old)) = self.journal.pop() else { break };
            let new = match old {
                Some(old) => self.env.insert(name.clone(), old),
                None => self.env.remove(&name),
            };
            if let Some(new) = new
                && !changed.iter().any(|(it, _)| *it == name)
            {
                changed.push((name, new));
            }
        }
        changed
    }

    /// Binds what two branches may have bound. A branch that left contributes nothing.
    pub(crate) fn join(&mut self, branches: Vec<(Vec<(Name, Val)>, bool)>) {
        let live: Vec<_> =
            branches.into_iter().filter(|(_, exits)| !exits).map(|(it, _)| it).collect();
        let n_live = live.len();
        let mut merged: Vec<(Name, Val, usize)> = Vec::new();
        for (name, val) in live.into_iter().flatten() {
            match merged.iter_mut().find(|(it, ..)| *it == name) {
                Some((_, have, n)) => {
                    merge(have, &val);
                    *n += 1;
                }
                None => merged.push((name, val, 1)),
            }
        }
        for (name, mut val, n) in merged {
            if n < n_live
                && let Some(before) = self.env.get(&name)
            {
                merge(&mut val, &before.clone());
            }
            self.bind(name, val);
        }
    }
}

/// Joins two values a local may have.
pub(super) fn merge(have: &mut Val, other: &Val) {
    let trivial = |it: &Origin| matches!(it, Origin::Nothing | Origin::Unknown);
    if have.origin != other.origin {
        // `x = self.x` joined with `x = make()`: keep what names a place or a fresh object.
        have.origin = match (have.origin, other.origin) {
            (mine, theirs) if trivial(&theirs) => mine,
            (mine, theirs) if trivial(&mine) => theirs,
            _ => Origin::Unknown,
        };
    }
    if have.main != other.main {
        have.main = None;
    }
    if have.truth != other.truth {
        have.truth.clear();
    }
    for lazy in &other.lazy {
        if !have.lazy.contains(lazy) {
            have.lazy.push(*lazy);
        }
    }
    have.chosen = None;
    have.absorb(other);
}

//! What stands behind the guess that two users of a library meet at one place. A sign of the class says who may use its
//! objects, and little about one attribute of them; a lock, or a thread of the program, at the place itself says that
//! this place is meant to be used by threads. Where no thread of the program is known, most signs need both.

use super::identity::is_parameter;
use super::{AccessId, Facts, Suspect};
use crate::domain::{FunctionKind, Op, Origin};
use crate::evidence::Pattern;
use crate::knowledge::SpawnKind;
use crate::program::locations::Root;
use crate::program::types::Ty;

/// What the sign of a class rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// It owns a lock.
    Lock,
    /// Its docstring says so.
    Documented,
    /// Its methods take a lock that is not its own.
    TakenLock,
    /// What its objects are: threads, classes, modules, descriptors.
    Kind,
    /// One of its objects is shared.
    Shared,
    /// It keeps a queue, an event, thread-local storage.
    Aware,
    /// Its name, or that of the class that holds it.
    Name,
    /// Comments.
    Comments,
}

impl Facts<'_> {
    /// Whether only the class speaks for two users of a library meeting here, and not loud enough for this kind of window.
    pub(super) fn lacks_grounds(&self, suspect: &Suspect, accesses: &[AccessId]) -> bool {
        let pattern = suspect.candidate.pattern;
        // Registering before the work is seen is a mistake of the order, whoever comes.
        if pattern == Pattern::LazySubmodule {
            return false;
        }
        if self.is_a_guess(suspect) {
            return true;
        }
        if self.is_for_threads(suspect, accesses) {
            return false;
        }
        // Two of a thing are mostly as good as one.
        let doubles = matches!(pattern, Pattern::LazyInit | Pattern::CheckThenInsert);
        let updates = matches!(pattern, Pattern::Augment | Pattern::ReadModifyWrite);
        match &suspect.location.root {
            // Registries are filled by declarations, and caches mostly with equals; the one instance of a class, or of a
            // module, is made at run time.
            Root::Global(..) => match pattern {
                Pattern::CheckThenInsert => !self.is_foreign(suspect),
                Pattern::LazyInit => !self.makes_one_of_a_kind(suspect),
                Pattern::Augment | Pattern::ReadModifyWrite => false,
                _ => !self.is_of_threads(suspect) && !is_cache(suspect),
            },
            Root::Class(..) => match pattern {
                Pattern::BrokenDoubleCheck => false,
                Pattern::LazyInit => {
                    let last = self.event((suspect.func, suspect.candidate.last));
                    !self.keeps_itself(suspect, last.value)
                }
                _ => true,
            },
            Root::Instance(class, _) => {
                let class = suspect.holder.unwrap_or(*class);
                // Whoever deletes an attribute is done with the object.
                let ends = self.event((suspect.func, suspect.candidate.last)).op == Op::Delete;
                match self.sign(class, suspect).map(|it| it.0) {
                    Some(Ground::TakenLock | Ground::Shared) => true,
                    Some(Ground::Lock) => self.role(class).is_none(),
                    Some(Ground::Name) => doubles || ends,
                    Some(Ground::Aware) => doubles || updates,
                    Some(Ground::Documented | Ground::Kind | Ground::Comments) | None => false,
                }
            }
            _ => false,
        }
    }

    /// Two users who look one key up, of whom one takes it away, or who add to what another ends: keys belong to those who
    /// use them, and who ends an object is its owner. A lock beside it does not change that.
    fn is_a_guess(&self, suspect: &Suspect) -> bool {
        let pattern = suspect.candidate.pattern;
        match &suspect.location.root {
            Root::Global(..) => pattern == Pattern::CheckThenUse && !is_cache(suspect),
            Root::Process(_) => pattern == Pattern::CheckThenUse,
            Root::Instance(class, _) => {
                let class = suspect.holder.unwrap_or(*class);
                let ground = self.sign(class, suspect).map(|it| it.0);
                match pattern {
                    Pattern::CheckThenUse => {
                        matches!(ground, Some(Ground::Shared | Ground::TakenLock | Ground::Aware))
                    }
                    Pattern::CheckThenRegister => {
                        matches!(ground, Some(Ground::Lock | Ground::Shared | Ground::TakenLock))
                            && self.role(class).is_none()
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// The one object of the module is of a class of the project whose objects change, or was handed in by who sets the
    /// module up, and is no function that a decorator gets.
    fn makes_one_of_a_kind(&self, suspect: &Suspect) -> bool {
        let it = self.world.func(suspect.func);
        let value = it.events[suspect.candidate.last as usize].value;
        let inner = self
            .world
            .parent(suspect.func)
            .is_some_and(|it| self.world.func(it).kind == FunctionKind::Function);
        match value {
            Origin::Place(place) => is_parameter(it, place) && !inner,
            Origin::Call(call) if self.is_holder(suspect.func, it.calls[call as usize].callee) => {
                true
            }
            Origin::Call(_) => self.types.of(self.world, suspect.func, value).iter().any(
                |it| matches!(it, Ty::Instance(class) if self.family(*class).any(|it| self.has_state(it))),
            ),
            _ => false,
        }
    }

    /// The module of the place has to do with threads itself.
    fn is_of_threads(&self, suspect: &Suspect) -> bool {
        let imports = &self.world.module(suspect.func).facts.imports;
        imports.iter().any(|it| {
            matches!(it.module.as_str(), "threading" | "_thread" | "queue")
                || it.module.starts_with("concurrent.futures")
        })
    }

    /// Something at the place itself, and not only in its class, has to do with threads: a lock is held at one of its
    /// accesses, a thread of the program comes there, or the function of the window takes a lock for something else.
    fn is_for_threads(&self, suspect: &Suspect, accesses: &[AccessId]) -> bool {
        let by_thread = |id: &AccessId| {
            self.contexts.spawns[id.0 as usize].iter().any(|it| {
                let kind = self.threads.spawns[*it as usize].kind;
                kind.is_elsewhere() || kind == SpawnKind::Served
            })
        };
        let counts = |id: &&AccessId| {
            !self.world.module(id.0).is_test && !self.is_construction(**id, suspect)
        };
        self.takes_lock(suspect.func)
            || accesses.iter().filter(counts).any(|it| by_thread(it) || !self.held(*it).is_empty())
    }
}

/// A cache is there for whoever comes while the program runs.
fn is_cache(suspect: &Suspect) -> bool {
    suspect.location.last_name().is_some_and(|it| it.to_ascii_lowercase().contains("cache"))
}

//! The words that all formats share for the values of the analyzer and the runtime.

use ftlint_analyzer::diagnostic::Location;
use ftlint_analyzer::evidence::{AccessKind, Pattern, Window};
use ftlint_analyzer::rule::{Confidence, GilClass, Severity};
use ftlint_runtime::verdict::{EvidenceLevel, Status};

use ftlint_project::paths::Short;

pub(super) fn severity(it: Severity) -> &'static str {
    match it {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

pub(super) fn confidence(it: Confidence) -> &'static str {
    match it {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

pub(super) fn gil(it: GilClass) -> &'static str {
    match it {
        GilClass::Latent => "latent",
        GilClass::Exposed => "exposed",
        GilClass::New => "new",
        GilClass::Deadlock => "deadlock",
    }
}

/// What the class means for the reader.
pub(super) fn gil_meaning(it: GilClass) -> &'static str {
    match it {
        GilClass::Latent => {
            "latent: the GIL has hidden it, it breaks first on the free-threaded build"
        }
        GilClass::Exposed => "exposed: already possible with the GIL, only rarer",
        GilClass::New => "new: the free-threaded build behaves differently here",
        GilClass::Deadlock => "deadlock: independent of the GIL",
    }
}

pub(super) fn status(it: Status) -> &'static str {
    match it {
        Status::Confirmed => "confirmed",
        Status::NotReproduced => "not-reproduced",
        Status::NotReplayable => "not-replayable",
    }
}

pub(super) fn level(it: EvidenceLevel) -> &'static str {
    match it {
        EvidenceLevel::Program => "program",
        EvidenceLevel::Test => "test",
        EvidenceLevel::Driver => "driver",
        EvidenceLevel::Slice => "slice",
    }
}

/// "reads `self.hits`". A place in brackets is an element already: "writes `CACHE[key]`".
pub(super) fn does(kind: &AccessKind, place: &str) -> String {
    let is_element = place.ends_with(']');
    match kind {
        AccessKind::Read => format!("reads `{place}`"),
        AccessKind::Store => format!("writes `{place}`"),
        AccessKind::Delete => format!("deletes `{place}`"),
        AccessKind::GetItem if is_element => format!("reads `{place}`"),
        AccessKind::GetItem => format!("reads an element of `{place}`"),
        AccessKind::SetItem if is_element => format!("writes `{place}`"),
        AccessKind::SetItem => format!("writes an element of `{place}`"),
        AccessKind::DelItem if is_element => format!("deletes `{place}`"),
        AccessKind::DelItem => format!("deletes an element of `{place}`"),
        AccessKind::Contains if is_element => format!("tests for `{place}`"),
        AccessKind::Contains => format!("tests membership in `{place}`"),
        AccessKind::Call(function) if function.contains('.') || function == "next" => {
            format!("calls `{function}({})`", container(place))
        }
        AccessKind::Call(method) => format!("calls `.{method}()` on `{}`", container(place)),
        AccessKind::Iterate => format!("iterates over `{place}`"),
    }
}

/// `self.by_host` of `self.by_host[...]`: a method is called on the container.
fn container(place: &str) -> &str {
    place.strip_suffix("[...]").unwrap_or(place)
}

/// The way out, in words; the rule's page has the code.
pub(super) fn fix<S>(window: &Window<S>) -> String {
    if let Some(misuse) = window.misuse {
        return pattern_fix(misuse).to_owned();
    }
    if let Some(guard) = &window.guard {
        return format!("hold `{}` here too, over both accesses", guard.lock);
    }
    pattern_fix(window.pattern).to_owned()
}

fn pattern_fix(pattern: Pattern) -> &'static str {
    match pattern {
        Pattern::Augment | Pattern::ReadModifyWrite => {
            "hold one lock from the read to the write, at every update"
        }
        Pattern::CompareThenStore => "hold one lock over the comparison and the store",
        Pattern::CheckThenInsert => {
            "use `dict.setdefault`, or hold one lock over the test and the insertion"
        }
        Pattern::CheckThenUse => {
            "act first and handle the failure (`pop(key, None)`, `except KeyError`), or hold one lock over both"
        }
        Pattern::CheckThenPop => {
            "take first and handle the empty case (`except IndexError`, `queue.Empty`)"
        }
        Pattern::LazyInit => {
            "create it before the threads start, or hold one lock over the test and the store"
        }
        Pattern::TestAndSet => {
            "use `lock.acquire(blocking=False)` as the flag, or hold one lock over test and set"
        }
        Pattern::Iteration => {
            "loop over a snapshot (`list(...)`), or hold one lock over the loop and the changes"
        }
        Pattern::Unguarded => "hold the lock that guards it elsewhere",
        other => later_fix(other),
    }
}

fn later_fix(pattern: Pattern) -> &'static str {
    match pattern {
        Pattern::CheckThenDereference => {
            "load it once into a local and use the local, or hold one lock over test and use"
        }
        Pattern::CheckThenRegister => {
            "hold one lock over the test and the registration, and over setting the flag and going through the list"
        }
        Pattern::Swap => "hold one lock over the exchange, at every access",
        Pattern::CopyThenClear => {
            "take the items out one by one, or hold one lock over copy and reset, at every access"
        }
        Pattern::BrokenDoubleCheck => {
            "test again inside the lock, and store the finished object last"
        }
        Pattern::EarlyPublication => "finish the object first and make it known last",
        Pattern::CachedFactory => {
            "create it before the threads start, or hold one lock over test and creation"
        }
        Pattern::CheckThenSetattr => {
            "hold one lock over the test and the store, or set it when the object is made"
        }
        Pattern::LazySubmodule => {
            "bind what `importlib.import_module` returns in `globals()` before it is used"
        }
        Pattern::MappingMixin => "hold one lock around it, at every access",
        Pattern::MixedGuards => "use one lock for it everywhere",
        Pattern::GuardedEscape => "return a copy made under the lock",
        Pattern::SplitSection => "hold the lock from the read to the write",
        Pattern::GuardInWrongScope => "take the lock around the step of the iterator",
        Pattern::Snapshot => {
            "take the snapshot with `list(...)` or `.copy()`, or hold one lock over it and the changes"
        }
        Pattern::SharedGenerator => {
            "put a lock around `next()`, or hand the items out through a queue"
        }
        Pattern::SharedIterator => {
            "put a lock around `next()`, or hand the items out through a queue"
        }
        Pattern::Tee => "hand the items out through one queue for each consumer",
        Pattern::DeepCopy => "copy under the lock that guards the changes, then work on the copy",
        Pattern::SortInPlace => "build a new list and store it in one assignment",
        Pattern::SortedStructure => "hold one lock around every change of the order",
        Pattern::IndexLoop => {
            "loop over a snapshot (`list(...)`), or hold one lock over the loop and the changes"
        }
        _ => "hold one lock over both accesses",
    }
}

/// "app.py:12:9".
pub(super) fn place(location: &Location, short: &Short) -> String {
    format!("{}:{}:{}", short.path(&*location.file), location.start.line, location.start.column)
}

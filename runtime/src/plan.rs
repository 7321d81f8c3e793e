//! From a diagnostic to what has to be run, or to the reason why nothing can be. Looks at no file and starts nothing.

use ftlint_analyzer::diagnostic::{Diagnostic, Location};
use ftlint_analyzer::evidence::{
    Access, Deadlock, Evidence, Pattern, PlaceKind, SharedPlace, Window,
};
use ftlint_analyzer::rule::{Replay, Strategy};

use crate::protocol;
use crate::strategy;

/// What is to be run for one finding.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayPlan {
    /// How.
    pub strategy: Strategy,
    /// On what.
    pub subject: Subject,
}

/// What a replay works on.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// A window, and the program that leads into it, if there is one.
    Window {
        /// Where the threads are to be stopped.
        window: Box<protocol::Window>,
        /// The file to run as `__main__`.
        program: Option<String>,
    },
    /// A module to be imported.
    Import {
        /// Dotted name.
        module: String,
        /// Directory that has to be on `sys.path`.
        root: String,
    },
}

/// Why a finding cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotReplayable(pub String);

/// The plan for a diagnostic.
pub fn plan(diagnostic: &Diagnostic) -> Result<ReplayPlan, NotReplayable> {
    let strategy = match diagnostic.rule.replay {
        Replay::With(strategy) => strategy,
        Replay::ByPattern => match &diagnostic.evidence {
            Evidence::Window(window) => strategy::of_pattern(window.pattern)
                .ok_or_else(|| NotReplayable("no strategy replays such a window yet".to_owned()))?,
            _ => return Err(NotReplayable("there is no window to enter".to_owned())),
        },
        Replay::Never(why) => {
            return Err(NotReplayable(format!("the rule is not replayed: {why}")));
        }
    };
    let subject = match (&diagnostic.evidence, strategy) {
        (Evidence::Window(window), _) if window.pattern == Pattern::EarlyPublication => {
            let why = "no strategy stops a thread between publishing an object and completing it";
            return Err(NotReplayable(why.to_owned()));
        }
        (Evidence::Window(window), it) if it != Strategy::GilFlip => {
            Subject::Window { window: Box::new(lower(window)), program: window.program.clone() }
        }
        (Evidence::Deadlock(it), Strategy::Reacquire | Strategy::LockOrder) => match locks(it) {
            Some(window) => Subject::Window { window: Box::new(window), program: None },
            None => return Err(NotReplayable("there is no way into the lock".to_owned())),
        },
        (Evidence::GilRequest(request), Strategy::GilFlip) => Subject::Import {
            module: request.module.clone(),
            root: request.import.root.to_string(),
        },
        (Evidence::Dependency(it), Strategy::GilFlip) if !it.import.is_empty() => {
            Subject::Import { module: it.import.clone(), root: it.site.root.to_string() }
        }
        (Evidence::Dependency(_), Strategy::GilFlip) => {
            return Err(NotReplayable("no import leads to the package".to_owned()));
        }
        (Evidence::Syntax(..), _) => {
            return Err(NotReplayable("the file cannot be parsed".to_owned()));
        }
        _ => {
            let name = strategy::name(strategy);
            return Err(NotReplayable(format!("the evidence does not fit the strategy {name}")));
        }
    };
    Ok(ReplayPlan { strategy, subject })
}

fn lower(window: &Window<Location>) -> protocol::Window {
    protocol::Window {
        pattern: strategy::pattern(window.pattern).to_owned(),
        place: place(&window.place),
        first: site(&window.first),
        last: site(&window.last),
        other: site(&window.other),
    }
}

/// Where a thread takes a lock, where it goes on to the next one, and where the other thread begins.
fn locks(deadlock: &Deadlock<Location>) -> Option<protocol::Window> {
    let last = location(&deadlock.site, "call", "");
    let other = deadlock.theirs.first().map_or(&deadlock.site, |it| &it.site);
    Some(protocol::Window {
        pattern: "locks".to_owned(),
        place: protocol::Place {
            text: deadlock.locks.first()?.clone(),
            kind: "object".to_owned(),
            module: String::new(),
            owner: String::new(),
            name: String::new(),
            element: false,
        },
        first: last.clone(),
        last,
        other: location(other, "call", ""),
    })
}

fn site(access: &Access<Location>) -> protocol::Site {
    let (kind, method) = strategy::access(&access.kind);
    location(&access.site, kind, method)
}

fn location(it: &Location, kind: &str, method: &str) -> protocol::Site {
    protocol::Site {
        file: it.file.to_string(),
        line: it.start.line,
        column: it.start.byte,
        end_line: it.end.line,
        end_column: it.end.byte,
        root: it.root.to_string(),
        module: it.module.to_string(),
        function: it.function.to_string(),
        function_line: it.function_line,
        kind: kind.to_owned(),
        method: method.to_owned(),
    }
}

fn place(place: &SharedPlace) -> protocol::Place {
    let (kind, module, owner, name) = match &place.kind {
        PlaceKind::Global { module, name } => ("global", module.as_str(), "", name.as_str()),
        PlaceKind::ClassAttribute { module, class, name } => {
            ("class_attribute", module.as_str(), class.as_str(), name.as_str())
        }
        PlaceKind::InstanceAttribute { module, class, name } => {
            ("instance_attribute", module.as_str(), class.as_str(), name.as_str())
        }
        PlaceKind::Cell { module, function, name } => {
            ("cell", module.as_str(), function.as_str(), name.as_str())
        }
        PlaceKind::Object { what } => ("object", "", "", what.as_str()),
    };
    protocol::Place {
        text: place.text.clone(),
        kind: kind.to_owned(),
        module: module.to_owned(),
        owner: owner.to_owned(),
        name: name.to_owned(),
        element: place.element,
    }
}

//! Verdicts of earlier runs: looked up before anything runs, and kept afterwards.

use std::cell::OnceCell;
use std::path::Path;

use ftlint_analyzer::db::{Database, Project};
use ftlint_project::installed::installed;
use ftlint_runtime::cache::{Cache, Conditions, Content};
use ftlint_runtime::interpreter::{Interpreter, system_env};
use ftlint_runtime::process::Sandbox;

use crate::args::CheckArgs;
use crate::output::Finding;

/// What is known of the findings of one project.
pub(crate) struct Known<'a> {
    cache: Option<Cache>,
    db: &'a Database,
    project: Project,
    directory: &'a Path,
    content: OnceCell<Content>,
}

impl<'a> Known<'a> {
    /// `directory` is that of the project, where its environment may lie.
    pub(crate) fn new(
        args: &CheckArgs,
        db: &'a Database,
        project: Project,
        directory: &'a Path,
    ) -> Self {
        let cache = if args.no_cache { None } else { Cache::open(&system_env) };
        Self { cache, db, project, directory, content: OnceCell::new() }
    }

    /// What a replay on this interpreter depends on beside the code.
    pub(crate) fn conditions(&self, interpreter: &Interpreter, sandbox: Sandbox) -> Conditions {
        let installed = installed(self.directory, Some(&interpreter.executable));
        Conditions::new(interpreter, &installed, sandbox)
    }

    /// Gives each open finding the verdict that is known; without conditions, whatever it was run on.
    pub(crate) fn look_up(&self, findings: &mut [Finding], conditions: Option<&Conditions>) {
        let Some(cache) = &self.cache else { return };
        let seen = cache.seen();
        let is_open = |it: &&mut Finding| it.verdict.is_none() && seen.has(&it.diagnostic);
        for finding in findings.iter_mut().filter(is_open) {
            finding.verdict = cache.get(&finding.diagnostic, self.content(), conditions);
        }
    }

    /// Keeps what was found out in this run. What never runs needs no memory.
    pub(crate) fn keep(&self, findings: &[Finding], conditions: &Conditions) {
        let Some(cache) = &self.cache else { return };
        for finding in findings {
            if let Some(verdict) = &finding.verdict
                && !verdict.cached
                && verdict.runtime.is_some()
            {
                cache.put(&finding.diagnostic, self.content(), conditions, verdict);
            }
        }
    }

    fn content(&self) -> &Content {
        self.content.get_or_init(|| {
            let files = self.project.files(self.db).iter();
            Content::of(files.map(|it| (&**it.path(self.db), it.text(self.db).get())))
        })
    }
}

//! The report, made of what the files of a project say.

use std::path::Path;

use ftlint_analyzer::evidence::Evidence;
use ftlint_dependencies::environment::Environment;
use ftlint_dependencies::ready::Question;
use ftlint_dependencies::survey::Survey;
use ftlint_dependencies::target::Target;
use ftlint_project::paths::Short;

use super::{Dependency, Report, counts, remaining};
use crate::output::Finding;

/// All that is known, the worst first.
pub(super) fn report(
    mut survey: Survey,
    question: &Question<'_>,
    findings: &[Finding],
    short: &Short,
) -> Report {
    survey.judged.sort_by(|a, b| (a.status, &a.name, a.line).cmp(&(b.status, &b.name, b.line)));
    let place = |path: &Path, line: u32| format!("{}:{line}", short.path(path));
    let mut sources: Vec<String> = Vec::new();
    let manifests = survey.manifest.declared.iter().map(|it| &it.path);
    for path in survey.locks.iter().map(|it| &it.path).chain(manifests) {
        let shown = short.path(path);
        if !sources.contains(&shown) {
            sources.push(shown);
        }
    }
    sources.extend(question.environment.map(|it| of_environment(it, question.target, short)));
    // What the dependencies do is told by itself.
    let of_code = findings.iter();
    let of_code = of_code.filter(|it| !matches!(it.diagnostic.evidence, Evidence::Dependency(_)));
    let counts = counts(of_code);
    Report {
        version: env!("CARGO_PKG_VERSION"),
        target: question.target.to_string(),
        platform: question.platform.to_string(),
        remaining: remaining(&survey.judged, &counts),
        notes: survey
            .notes
            .iter()
            .map(|it| format!("{}: {}", place(&it.path, it.line), it.text))
            .collect(),
        dependencies: survey
            .judged
            .into_iter()
            .map(|it| Dependency {
                status: it.status.words(),
                class: it.status,
                place: place(&it.path, it.line),
                name: it.name,
                version: it.version,
                why: it.why,
                advice: it.advice,
                chain: it.chain,
            })
            .collect(),
        findings: counts,
        sources,
    }
}

fn of_environment(it: &Environment, target: Target, short: &Short) -> String {
    let path = short.path(&it.prefix);
    match it.target {
        Some(found) if found == target => format!("{path} (environment for {found})"),
        Some(found) => format!("{path} (environment for {found}: not asked about {target})"),
        None => format!(
            "{path} (environment of an interpreter with the GIL: its extension files say nothing)"
        ),
    }
}

//! The command that repeats one confirmed schedule: what is printed with it is what has to work.

use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_runtime::verdict::Verdict;

use clap::ValueEnum as _;

use crate::args::CheckArgs;
use crate::output::View;

/// For a POSIX shell, from the directory that paths are shown from.
pub(super) fn command(
    diagnostic: &Diagnostic,
    verdict: &Verdict,
    view: &View<'_>,
) -> Option<String> {
    let schedule = verdict.schedule.as_ref()?;
    Some(format!(
        "ftlint check {} --select {} --replay{} --schedule {}",
        quoted(&view.short.path(&*diagnostic.location.file)),
        diagnostic.rule.code,
        view.options,
        quoted(schedule)
    ))
}

/// The options that decide which findings there are and what they run on.
pub(crate) fn options(args: &CheckArgs) -> String {
    let mut res = String::new();
    let mut add = |name: &str, value: &str| {
        res.push_str(" --");
        res.push_str(name);
        res.push(' ');
        res.push_str(&quoted(value));
    };
    if let Some(path) = &args.python {
        add("python", &path.to_string_lossy());
    }
    if let Some(it) = args.min_confidence.and_then(|it| it.to_possible_value()) {
        add("min-confidence", it.get_name());
    }
    if let Some(it) = args.target_version.and_then(|it| it.to_possible_value()) {
        add("target-version", it.get_name());
    }
    for (is_set, name) in [(args.isolated, " --isolated"), (args.no_sandbox, " --no-sandbox")] {
        if is_set {
            res.push_str(name);
        }
    }
    res
}

fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./+=,:@%".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

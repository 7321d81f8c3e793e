//! `PYTHON_GIL=0` and `-X gil=1`, however they are written.

use super::{code_of, number};
use crate::domain::{Setting, SettingKind};

/// Names of files that say how a program runs, not how it is tested.
const RUNS: &[&str] = &["dockerfile", "containerfile", "compose", "procfile"];

/// Their extensions.
const RUN_EXTENSIONS: &[&str] = &["sh", "service", "env", "dockerfile"];

/// The settings of a file. Where tests run both with and without the GIL, both are meant.
pub(super) fn settings(path: &str, text: &str) -> Vec<Setting> {
    let runs = runs(path);
    let mut res = Vec::new();
    for (line, code) in text.lines().map(code_of).enumerate() {
        if let Some((kind, text)) = of_line(code) {
            let kind = match kind {
                SettingKind::GilOff { .. } => SettingKind::GilOff { runs },
                _ => SettingKind::GilOn { runs },
            };
            res.push(Setting { site: number(line), kind, text });
        }
    }
    let has = |off: bool| res.iter().any(|it| matches!(it.kind, SettingKind::GilOff { .. }) == off);
    if !runs && has(true) && has(false) {
        return Vec::new();
    }
    res
}

fn runs(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |it| it.1);
    RUNS.iter().any(|it| name.contains(it)) || RUN_EXTENSIONS.contains(&extension)
}

/// What one line sets.
pub(super) fn of_line(line: &str) -> Option<(SettingKind, String)> {
    let variable = line.match_indices("PYTHON_GIL").find_map(|(at, name)| {
        let before = line[..at].chars().next_back();
        let rest = &line[at + name.len()..];
        // `PYTHON_GIL=0`, `PYTHON_GIL: "0"`, `ENV PYTHON_GIL 0`, `["PYTHON_GIL"] = "0"`; no list and no default.
        let value = rest.trim_start_matches(['"', '\'', ' ', '\t', '=', ':', ',', ']']);
        let joined = value.len() < rest.len() && !before.is_some_and(is_word);
        joined.then_some(value).and_then(switch).map(|it| (it, "PYTHON_GIL"))
    });
    let option = || {
        line.match_indices("gil=").find_map(|(at, name)| {
            let before = line[..at].trim_end_matches(['"', '\'', ' ', '\t', ',']);
            let value = &line[at + name.len()..];
            before.ends_with("-X").then_some(value).and_then(switch).map(|it| (it, "-X gil"))
        })
    };
    let (value, name) = variable.or_else(option)?;
    let kind = match value {
        '0' => SettingKind::GilOff { runs: true },
        _ => SettingKind::GilOn { runs: true },
    };
    Some((kind, format!("{name}={value}")))
}

fn switch(value: &str) -> Option<char> {
    let mut chars = value.chars();
    let first = chars.next().filter(|it| matches!(it, '0' | '1'))?;
    (!chars.next().is_some_and(is_word)).then_some(first)
}

fn is_word(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

#[cfg(test)]
mod tests {
    use super::of_line;

    #[test]
    fn forms_of_many_formats() {
        for (line, wanted) in [
            ("ENV PYTHON_GIL=0", Some("PYTHON_GIL=0")),
            ("ENV PYTHON_GIL 1", Some("PYTHON_GIL=1")),
            ("      PYTHON_GIL: \"0\"", Some("PYTHON_GIL=0")),
            ("      - PYTHON_GIL=1", Some("PYTHON_GIL=1")),
            ("Environment=\"PYTHON_GIL=0\"", Some("PYTHON_GIL=0")),
            ("export PYTHON_GIL='1'", Some("PYTHON_GIL=1")),
            ("session.env[\"PYTHON_GIL\"] = \"0\"", Some("PYTHON_GIL=0")),
            ("env = {\"PYTHON_GIL\": \"1\"}", Some("PYTHON_GIL=1")),
            ("CMD [\"python\", \"-X\", \"gil=0\", \"app.py\"]", Some("-X gil=0")),
            ("/usr/bin/env -S python3 -Xgil=1", Some("-X gil=1")),
            ("PYTHON_GIL: [0, 1]", None),
            ("PYTHON_GIL=${GIL:-0}", None),
            ("MY_PYTHON_GIL=0", None),
            ("PYTHON_GIL=0x", None),
            ("PYTHON_GIL0", None),
            ("unset PYTHON_GIL", None),
            ("virgil=0", None),
        ] {
            assert_eq!(of_line(line).map(|it| it.1).as_deref(), wanted, "{line}");
        }
    }
}

//! Which interpreters tests run on and wheels are built for: releases that are no longer built for, and settings of
//! cibuildwheel that leave free-threaded interpreters out.

use globset::Glob;

use super::{code_of, number};
use crate::domain::{Setting, SettingKind};

/// How 3.13t is called, and what may stand before it.
const OLD: &[&str] = &["3.13t", "313t"];
const BEFORE: &[&str] = &["python", "cp", "py"];

/// Keys, in TOML and as variables, below which names of builds stand.
const SKIP: &[&str] = &["skip", "cibw_skip", "exclude"];
const BUILD: &[&str] = &["build", "cibw_build"];

/// Builds that a selection for free-threaded interpreters takes.
const FREE_THREADED: &[&str] = &["cp314t-manylinux_x86_64", "cp315t-manylinux_x86_64"];

/// Words that switched free-threaded wheels on in releases of cibuildwheel that did not build them unasked.
const OBSOLETE: &[&str] = &["cpython-freethreading", "free-threaded-support", "CIBW_FREE_THREADED"];

/// The key that a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Skip,
    Build,
    Other,
}

/// The settings of a file; a release that is old is told once.
pub(super) fn settings(text: &str) -> Vec<Setting> {
    let builds_wheels = text.contains("cibuildwheel") || text.contains("CIBW_");
    let mut res = Vec::new();
    let mut old = None;
    let (mut key, mut indent) = (Key::Other, 0);
    let mut build: Option<(u32, Vec<&str>)> = None;
    for (line, code) in text.lines().map(code_of).enumerate() {
        let site = number(line);
        let trimmed = code.trim();
        if trimmed.is_empty() {
            continue;
        }
        let own = code.len() - code.trim_start().len();
        let goes_on = own > indent || trimmed.starts_with(['-', '"', '\'', ']']);
        if !goes_on || key == Key::Other {
            (key, indent) = (key_of(trimmed), own);
        }
        let words = || words(trimmed);
        if key != Key::Skip && old.is_none() {
            old = old_release(code).map(|it| Setting { site, kind: it.0, text: it.1 });
        }
        if !builds_wheels {
            continue;
        }
        let setting = |kind: SettingKind, text: &str| Setting { site, kind, text: text.to_owned() };
        match key {
            Key::Skip => {
                let skipped = words()
                    .into_iter()
                    .find(|it| FREE_THREADED.iter().any(|build| takes(it, build)));
                res.extend(skipped.map(|it| setting(SettingKind::SkipsWheels, it)));
            }
            Key::Build => {
                let (_, all) = build.get_or_insert((site, Vec::new()));
                all.extend(
                    words().into_iter().filter(|it| it.starts_with(['c', '*']) && it.len() > 2),
                );
            }
            Key::Other => {
                let obsolete = OBSOLETE.iter().find(|it| trimmed.contains(**it));
                res.extend(obsolete.map(|it| setting(SettingKind::ObsoleteWheels, it)));
            }
        }
    }
    if let Some((site, words)) = build {
        let builds = |it: &&str| words.iter().any(|word| takes(word, it));
        if words.iter().any(|it| it.starts_with("cp3")) && !FREE_THREADED.iter().any(builds) {
            let text = words.join(" ");
            res.push(Setting { site, kind: SettingKind::SkipsWheels, text });
        }
    }
    res.extend(old);
    res
}

/// The name of the release in a line.
pub(super) fn old_release(line: &str) -> Option<(SettingKind, String)> {
    let is_part = |it: char| it.is_alphanumeric() || it == '.';
    let name = OLD.iter().find(|name| {
        line.match_indices(**name).any(|(at, _)| {
            let before = &line[..at];
            let named = BEFORE.iter().find_map(|it| before.strip_suffix(*it));
            let before = named.unwrap_or(before);
            !before.ends_with(is_part) && !line[at + name.len()..].starts_with(is_part)
        })
    })?;
    Some((SettingKind::OldRelease, (*name).to_owned()))
}

/// The values in a line; a comma inside of braces does not separate.
fn words(line: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let words = line.split(|it: char| {
        match it {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth > 0 => return false,
            _ => {}
        }
        matches!(it, ' ' | '"' | '\'' | ',' | '[' | ']' | '=' | ':')
    });
    words.collect()
}

fn key_of(line: &str) -> Key {
    let end = line.find([':', '=']).unwrap_or(0);
    let name = line[..end].trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    let is = |names: &[&str]| names.iter().any(|it| *it == name);
    match () {
        () if is(SKIP) => Key::Skip,
        () if is(BUILD) => Key::Build,
        () => Key::Other,
    }
}

/// Whether a pattern of cibuildwheel, with `*`, `?` and `{a,b}`, takes a build.
fn takes(pattern: &str, build: &str) -> bool {
    Glob::new(pattern).is_ok_and(|it| it.compile_matcher().is_match(build))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let all = settings(text).into_iter();
        all.map(|it| format!("{} {:?} {}", it.site + 1, it.kind, it.text)).collect()
    }

    #[test]
    fn cibuildwheel() {
        let toml = "[tool.cibuildwheel]\nskip = [\n  \"pp*\",\n  \"cp31?t-*\",\n]\nenable = [\"cpython-freethreading\"]\n";
        assert_eq!(
            told(toml),
            ["4 SkipsWheels cp31?t-*", "6 ObsoleteWheels cpython-freethreading"]
        );
        let yaml = "env:\n  CIBW_BUILD: cp311-* cp314-*\n  CIBW_SKIP: \"*musllinux* cp313t-*\"\n";
        assert_eq!(told(yaml), ["2 SkipsWheels cp311-* cp314-*"]);
        assert_eq!(told("env:\n  CIBW_BUILD: cp3{12,13,14,14t}-*\n"), Vec::<String>::new());
        assert_eq!(
            told("[tool.cibuildwheel]\nbuild = \"cp3*\"\nskip = \"pp*\"\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn releases() {
        let yaml = "matrix:\n  python: [\"3.13\", \"3.13t\"]\n  other: 3.13t\n";
        assert_eq!(told(yaml), ["2 OldRelease 3.13t"]);
        assert_eq!(told("envlist = py{312,313t}\nbase = python3.13t\n"), ["1 OldRelease 313t"]);
        assert_eq!(told("exclude:\n  - python: 3.13t\n    os: x\n"), Vec::<String>::new());
        assert_eq!(told("x: 3.13test 13.13t cp313t2\n"), Vec::<String>::new());
    }

    #[test]
    fn patterns() {
        let build = "cp314t-manylinux_x86_64";
        assert!(takes("cp31?t-*", build) && takes("*", build) && takes("cp314t-*_x86_64", build));
        assert!(!takes("cp314-*", build) && !takes("", build) && !takes("cp313t-*", build));
    }
}

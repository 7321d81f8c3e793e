//! Makes the files of a new rule: its module, its two lines in the registry, and two fixtures to begin with.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::file_stem;

const MODULE: &str = include_str!("new_rule/module.rs.txt");
const BAD: &str = include_str!("new_rule/bad.py.txt");
const OK: &str = include_str!("new_rule/good.py.txt");

/// Writes the files; refuses to touch a rule that exists.
pub fn run(root: &Path, code: &str, name: &str) -> Result<()> {
    let digits = code.strip_prefix("FTL").unwrap_or_default();
    ensure!(
        digits.len() == 3 && digits.bytes().all(|it| it.is_ascii_digit()),
        "a code is FTL and three digits"
    );
    let kebab = !name.is_empty() && name.bytes().all(|it| it.is_ascii_lowercase() || it == b'-');
    ensure!(kebab, "a name is in small letters and hyphens");

    let stem = file_stem(code, name);
    let registry = root.join("analyzer/src/rules.rs");
    let text = std::fs::read_to_string(&registry).context("cannot read the registry")?;
    let text = register(&text, &stem)?;
    let fill = |template: &str| template.replace("@CODE", code).replace("@NAME", name);
    write_new(&root.join(format!("analyzer/src/rules/{stem}.rs")), &fill(MODULE))?;
    write_new(&root.join(format!("fixtures/{stem}/first.py")), &fill(BAD))?;
    write_new(&root.join(format!("fixtures/{stem}/guarded_ok.py")), &fill(OK))?;
    std::fs::write(&registry, text).context("cannot write the registry")?;
    println!(
        "made {stem}; next: the fixture, then the facts it needs, then the check (CONTRIBUTING.md)"
    );
    Ok(())
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    ensure!(!path.exists(), "{} exists", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The registry with a `mod` line and an entry more, both in their places.
fn register(text: &str, stem: &str) -> Result<String> {
    let code = stem.split('_').next().unwrap_or(stem);
    let mut lines: Vec<String> =
        text.replace("&[&Rule] = &[];", "&[&Rule] = &[\n];").lines().map(str::to_owned).collect();
    if lines.iter().any(|it| it.contains(&format!("mod {code}_"))) {
        bail!("{code} is taken");
    }
    let is_mod = |it: &String| it.contains("mod ftl") && it.ends_with(';');
    let visibility =
        match lines.iter().find(|it| is_mod(it)).and_then(|it| it.split_once("mod ftl")) {
            Some((visibility, _)) => visibility.to_owned(),
            None => String::new(),
        };
    insert_sorted(&mut lines, &format!("{visibility}mod {stem};"), is_mod, |it| {
        it.starts_with("use ")
    })?;
    let is_entry = |it: &String| it.trim_start().starts_with("&ftl");
    insert_sorted(&mut lines, &format!("    &{stem}::RULE,"), is_entry, |it| it.trim() == "];")?;
    Ok(lines.join("\n") + "\n")
}

/// Inserts before the first greater line of its kind, or after the last one, or before the line found by `otherwise`.
fn insert_sorted(
    lines: &mut Vec<String>,
    line: &str,
    of_kind: impl Fn(&String) -> bool,
    otherwise: impl Fn(&String) -> bool,
) -> Result<()> {
    let greater = lines.iter().position(|it| of_kind(it) && it.as_str() > line);
    let after_last = lines.iter().rposition(&of_kind).map(|it| it + 1);
    let at = greater
        .or(after_last)
        .or_else(|| lines.iter().position(otherwise))
        .context("the registry looks unusual")?;
    lines.insert(at, line.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_inserted_in_order() {
        let text = "//! R.\n\nmod ftl101_a;\nmod ftl202_b;\n\nuse x;\n\npub static RULES: &[&Rule] = &[\n    &ftl101_a::RULE,\n    &ftl202_b::RULE,\n];\n";
        let text = register(text, "ftl105_c").expect("a usual registry");
        let text = register(&text, "ftl999_d").expect("a usual registry");
        let stems: Vec<&str> = text.lines().filter(|it| it.contains("ftl")).collect();
        assert_eq!(
            stems,
            [
                "mod ftl101_a;",
                "mod ftl105_c;",
                "mod ftl202_b;",
                "mod ftl999_d;",
                "    &ftl101_a::RULE,",
                "    &ftl105_c::RULE,",
                "    &ftl202_b::RULE,",
                "    &ftl999_d::RULE,",
            ]
        );
        assert!(register(&text, "ftl105_other").is_err());
    }

    #[test]
    fn empty_registry_is_filled() {
        let text = register("//! R.\n\nuse x;\n\npub static RULES: &[&Rule] = &[];\n", "ftl101_a")
            .expect("usual");
        assert!(text.contains("mod ftl101_a;\nuse x;"));
        assert!(text.contains("= &[\n    &ftl101_a::RULE,\n];"));
    }
}

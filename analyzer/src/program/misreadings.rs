//! What the interpreter is asked about itself in a way that does not answer the question, by the rows of `claims.toml`.

use super::judge::Facts;
use super::render::site;
use super::slice::JudgedWindow;
use super::world::{Entity, FuncGid, to_u32};
use crate::domain::{Ask, Form};
use crate::evidence::{Claim, Evidence};
use crate::knowledge::{MisreadingRow, Topic};
use crate::rule::{Confidence, GilClass};

/// In the order of the functions.
pub(crate) fn misreadings(facts: &Facts<'_>, module: usize) -> Vec<(Topic, JudgedWindow)> {
    let mut out = Vec::new();
    for (local, function) in (0u32..).zip(&facts.world.modules[module].facts.functions) {
        let func = facts.world.func_gid(to_u32(module), local);
        for ask in &function.asks {
            if ask.form == Form::Decides {
                out.extend(decided(facts, func, ask).map(|it| (Topic::Gil, it)));
                continue;
            }
            let Some(row) = row(facts, func, ask) else { continue };
            if !applies(facts, module, ask) {
                continue;
            }
            let evidence = Evidence::Claim(Claim {
                site: site(facts, func, ask.site),
                name: row.name.clone(),
                problem: row.problem.clone(),
                instead: row.instead.clone(),
                source: row.evidence.clone(),
                severity: None,
            });
            out.push((row.topic, judged(row, evidence)));
        }
    }
    out
}

/// Whether what the row says depends on more than the place.
fn applies(facts: &Facts<'_>, module: usize, ask: &Ask) -> bool {
    match ask.form {
        // The function came with 3.13.
        Form::Unguarded => facts.oldest.is_some_and(|it| it < 13),
        // What is imported later may bring the GIL back.
        Form::Kept => {
            let imports = &facts.world.modules[module].facts.imports;
            imports.iter().any(|it| it.func == 0 && it.site > ask.site)
        }
        _ => true,
    }
}

/// A function that returns what no CPython has decides: the decision is always the same.
fn decided(facts: &Facts<'_>, func: FuncGid, ask: &Ask) -> Option<JudgedWindow> {
    let Some(Entity::Func(callee)) = facts.world.entity(func, ask.of) else { return None };
    let it = facts.world.func(callee);
    if it.returns.len() != 1 {
        return None;
    }
    let mut returned = it.asks.iter().filter(|it| it.form == Form::Returned);
    let row = returned.find_map(|it| super::claims::row(facts, callee, it.of, &it.name))?;
    let name = row.name.trim_start_matches("*.");
    let evidence = Evidence::Claim(Claim {
        site: site(facts, func, ask.site),
        name: ask.name.to_string(),
        problem: format!(
            "`{}` says the same on every interpreter: no CPython has `{name}`",
            ask.name
        ),
        instead: row.instead.clone(),
        source: row.evidence.clone(),
        severity: None,
    });
    let (confidence, gil) = (Confidence::High, GilClass::Exposed);
    Some(JudgedWindow { evidence, confidence, gil, label: ask.name.to_string() })
}

/// The row for what was asked. An object of the project's own is what the project says it is.
fn row<'a>(facts: &Facts<'a>, func: FuncGid, ask: &Ask) -> Option<&'a MisreadingRow> {
    if ask.form == Form::Kept {
        return facts.world.knowledge.misreadings.iter().find(|it| it.form == Form::Kept);
    }
    let Some(Entity::External(path)) = facts.world.entity(func, ask.of) else { return None };
    let rows = facts.world.knowledge.misreadings.iter().filter(|it| it.form == ask.form);
    rows.into_iter().find(|it| match ask.form {
        Form::Named | Form::Decides | Form::Returned | Form::Kept => false,
        Form::Contains => it.name == *path && ask.name.contains(&it.text),
        Form::NotANumber => it.name == format!("{path}({})", ask.name),
        Form::Uncalled | Form::Counted | Form::Called | Form::Unguarded | Form::Inverted => {
            it.name == *path
        }
    })
}

fn judged(row: &MisreadingRow, evidence: Evidence<super::slice::GlobalSite>) -> JudgedWindow {
    // A wrong answer about the GIL is wrong wherever it is asked; a count may well be right for the one object at hand.
    let (confidence, gil) = match row.topic {
        Topic::Gil => (Confidence::High, GilClass::Exposed),
        _ => (Confidence::Medium, GilClass::New),
    };
    JudgedWindow { evidence, confidence, gil, label: row.name.clone() }
}

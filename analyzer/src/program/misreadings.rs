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
            let Some(row) = row(facts, func, ask) else { continue };
            let evidence = Evidence::Claim(Claim {
                site: site(facts, func, ask.site),
                name: row.name.clone(),
                problem: row.problem.clone(),
                instead: row.instead.clone(),
                source: row.evidence.clone(),
            });
            out.push((row.topic, judged(row, evidence)));
        }
    }
    out
}

/// The row for what was asked. An object of the project's own is what the project says it is.
fn row<'a>(facts: &Facts<'a>, func: FuncGid, ask: &Ask) -> Option<&'a MisreadingRow> {
    let Some(Entity::External(path)) = facts.world.entity(func, ask.of) else { return None };
    let rows = facts.world.knowledge.misreadings.iter().filter(|it| it.form == ask.form);
    rows.into_iter().find(|it| match ask.form {
        Form::Named => false,
        Form::Contains => it.name == *path && ask.name.contains(&it.text),
        Form::NotANumber => it.name == format!("{path}({})", ask.name),
        Form::Uncalled | Form::Counted => it.name == *path,
    })
}

fn judged(row: &MisreadingRow, evidence: Evidence<super::slice::GlobalSite>) -> JudgedWindow {
    // A wrong answer about the GIL is wrong wherever it is asked; a count may well be right for the one object at hand.
    let (confidence, gil) = match row.topic {
        Topic::Gil => (Confidence::High, GilClass::Exposed),
        Topic::References => (Confidence::Medium, GilClass::New),
    };
    JudgedWindow { evidence, confidence, gil, label: row.name.clone() }
}

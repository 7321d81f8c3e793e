//! Names for free threading that no CPython has: asked for as attributes, as variables of the build, or imported.

use super::judge::Facts;
use super::render::site;
use super::slice::{GlobalSite, JudgedWindow};
use super::world::{Entity, FuncGid, to_u32};
use crate::domain::Form;
use crate::evidence::{Claim, Evidence};
use crate::knowledge::ClaimRow;
use crate::rule::{Confidence, GilClass};

/// In the order of the functions; each name once in a function.
pub(crate) fn claims(facts: &Facts<'_>, module: usize) -> Vec<JudgedWindow> {
    let mut out = Vec::new();
    let it = &facts.world.modules[module].facts;
    for (local, function) in (0u32..).zip(&it.functions) {
        let func = facts.world.func_gid(to_u32(module), local);
        let mut seen: Vec<&str> = Vec::new();
        for ask in function.asks.iter().filter(|it| it.form == Form::Named) {
            let Some(row) = row(facts, func, ask.of, &ask.name) else { continue };
            if !seen.contains(&row.name.as_str()) {
                seen.push(&row.name);
                out.push(judged(row, site(facts, func, ask.site)));
            }
        }
    }
    for import in &it.imports {
        let top = import.module.split('.').next().unwrap_or_default();
        // Hardly any import has a row; only then the modules are gone through.
        let exists = || {
            facts.installed.contains_key(top)
                || facts.world.modules.iter().any(|it| &*it.name == top)
        };
        let claims = &facts.world.knowledge.claims;
        let whole = claims.get(import.module.as_str()).filter(|it| it.name.contains('.'));
        if let Some(row) = whole.or_else(|| claims.get(top).filter(|_| !exists())) {
            let func = facts.world.func_gid(to_u32(module), import.func);
            out.push(judged(row, site(facts, func, import.site)));
        }
    }
    out
}

/// The row of what was asked for. An object of the project's own may have any name.
pub(super) fn row<'a>(
    facts: &Facts<'a>,
    func: FuncGid,
    of: crate::domain::Origin,
    name: &str,
) -> Option<&'a ClaimRow> {
    let claims = &facts.world.knowledge.claims;
    if let Some(row) = claims.get(&format!("sysconfig.{name}")) {
        return Some(row);
    }
    match facts.world.entity(func, of) {
        Some(Entity::External(path)) => claims.get(path.as_str()),
        Some(_) => None,
        None => claims.get(&format!("*.{name}")),
    }
}

fn judged(row: &ClaimRow, site: GlobalSite) -> JudgedWindow {
    JudgedWindow {
        evidence: Evidence::Claim(Claim {
            site,
            name: row.name.trim_start_matches("*.").to_owned(),
            instead: row.instead.clone(),
            problem: format!("no CPython has `{}`", row.name.trim_start_matches("*.")),
            source: row.evidence.clone(),
            severity: None,
        }),
        confidence: Confidence::High,
        gil: GilClass::Exposed,
        label: row.name.clone(),
    }
}

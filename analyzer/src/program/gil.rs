//! Imports that switch the GIL back on: what the files of the environment say, and where they say nothing, the table.

use super::judge::Facts;
use super::render::site;
use super::slice::JudgedWindow;
use super::world::to_u32;
use crate::domain::ImportSite;
use crate::evidence::{Evidence, GilRequest};
use crate::extensions::Suspect;
use crate::knowledge::packages;
use crate::rule::{Confidence, GilClass};

/// One finding for each distribution, at the first import that leads to it.
pub(crate) fn gil_requests(facts: &Facts<'_>, module: usize) -> Vec<JudgedWindow> {
    let mut out: Vec<JudgedWindow> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for import in &facts.world.modules[module].facts.imports {
        let loaded = facts.extensions.get(import.module.as_str());
        for suspect in loaded.iter().flat_map(|it| &it.suspects) {
            // What belongs to no distribution is told by itself.
            let owner = match suspect.distribution.as_str() {
                "" => suspect.module.as_str(),
                owner => owner,
            };
            if seen.contains(&owner) {
                continue;
            }
            seen.push(owner);
            let all = loaded.iter().flat_map(|it| &it.suspects);
            let others = all
                .filter(|it| it.distribution == suspect.distribution && it.module != suspect.module)
                .map(|it| it.module.clone())
                .collect();
            let others = if suspect.distribution.is_empty() { Vec::new() } else { others };
            out.push(from_file(facts, module, import, suspect, others));
        }
        if !loaded.is_some_and(|it| it.decided) {
            out.extend(from_table(facts, module, import, &mut seen));
        }
    }
    out
}

fn from_file(
    facts: &Facts<'_>,
    module: usize,
    import: &ImportSite,
    suspect: &Suspect,
    others: Vec<String>,
) -> JudgedWindow {
    let func = facts.world.func_gid(to_u32(module), import.func);
    JudgedWindow {
        evidence: Evidence::GilRequest(GilRequest {
            import: site(facts, func, import.site),
            module: suspect.module.clone(),
            distribution: suspect.distribution.clone(),
            version: suspect.version.clone(),
            source: format!("{}: {}", suspect.file, suspect.reason),
            chain: suspect.chain.clone(),
            others,
        }),
        confidence: if suspect.conditional { Confidence::Medium } else { Confidence::High },
        gil: GilClass::New,
        label: suspect.module.clone(),
    }
}

fn from_table<'a>(
    facts: &Facts<'a>,
    module: usize,
    import: &ImportSite,
    seen: &mut Vec<&'a str>,
) -> Option<JudgedWindow> {
    // What is not installed has no version to look up.
    let known = if facts.installed.is_empty() { &[] } else { packages::rows() };
    let row = facts.world.knowledge.extensions.iter().chain(known).find(|it| {
        import.module.as_str() == it.module
            || import.module.strip_prefix(it.module.as_str()).is_some_and(|it| it.starts_with('.'))
    })?;
    if seen.contains(&row.distribution.as_str()) {
        return None;
    }
    let version = facts.installed.get(&row.distribution)?;
    let fixed = row.fixed.as_deref().is_some_and(|it| !older(version, it));
    let before = row.since.as_deref().is_some_and(|it| older(version, it));
    let unseen = row.seen.as_deref().is_some_and(|it| older(it, version));
    if fixed || before || unseen {
        return None;
    }
    seen.push(&row.distribution);
    let func = facts.world.func_gid(to_u32(module), import.func);
    Some(JudgedWindow {
        evidence: Evidence::GilRequest(GilRequest {
            import: site(facts, func, import.site),
            module: row.module.clone(),
            distribution: row.distribution.clone(),
            version: version.clone(),
            source: row.evidence.clone(),
            chain: Vec::new(),
            others: Vec::new(),
        }),
        confidence: Confidence::High,
        gil: GilClass::New,
        label: row.module.clone(),
    })
}

/// Whether a release is older than another, by its numbers.
fn older(version: &str, than: &str) -> bool {
    let numbers = |it: &str| -> Vec<u64> {
        it.split(['.', '+', '-'])
            .map_while(|part| {
                part.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
            })
            .collect()
    };
    numbers(version) < numbers(than)
}

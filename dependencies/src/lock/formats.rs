//! The four formats. What they have in common: packages with a name, a version and files.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::toml_text::{self as text, Trouble, as_table, line_of, list, table};
use super::{Edge, Format, Package};
use crate::environment::normalised;

/// All fields of [`super::Lock`] but its path.
pub(super) struct Content {
    pub(super) requires_python: Option<String>,
    pub(super) packages: Vec<Package>,
    pub(super) direct: Vec<String>,
    pub(super) edges: Vec<Edge>,
}

pub(super) fn read(format: Format, input: &str) -> Result<Content, Trouble> {
    let document = text::parse(input)?;
    let (key, python) = match format {
        Format::Uv => ("package", text::text(&document, "requires-python")),
        Format::Pylock => ("packages", text::text(&document, "requires-python")),
        Format::Poetry => ("package", metadata(&document, "python-versions")),
        Format::Pdm => ("package", pdm_python(&document)),
    };
    if !is_of(format, &document) {
        let message = "not a lock file of this name: its version is missing; lock anew";
        return Err((0, message.to_owned()));
    }
    // uv can lock requirements without a project; who asks for what is not all among the packages then.
    let has_edges = format == Format::Uv && !document.contains_key("manifest");
    let (mut packages, mut direct, mut edges) = (Vec::new(), Vec::new(), Vec::new());
    let mut main: Option<Vec<String>> = None;
    for entry in list(&document, key) {
        let Some(it) = as_table(entry.get_ref()) else {
            return Err((entry.span().start, "a package has to be a table".to_owned()));
        };
        let Some(name) = text::text(it, "name") else {
            return Err((entry.span().start, "a package without a name; lock anew".to_owned()));
        };
        let name = normalised(&name);
        let mut package = Package {
            line: line_of(input.as_bytes(), start_of(entry, input)),
            version: text::text(it, "version"),
            wheels: Vec::new(),
            has_sdist: false,
            is_local: is_local(format, it),
            needs: needs(format, it),
            markers: markers(format, it),
            is_dev: is_dev(format, it),
            name,
        };
        files(format, it, &document, &mut package);
        // uv has the project itself among the packages: what it needs is what the project asks for.
        let of_project = format == Format::Uv && is_project(it);
        if has_edges {
            let from = (!of_project).then_some(packages.len());
            edges.extend(uv_needs(it).filter_map(|it| edge(from, it)));
        }
        if of_project {
            main.get_or_insert_default()
                .extend(runs_with(it).filter_map(|it| name_of(it.get_ref())));
            direct.append(&mut package.needs);
            continue;
        }
        packages.push(package);
    }
    if direct.is_empty() {
        let needed = |name: &str| packages.iter().any(|it| it.needs.iter().any(|it| it == name));
        direct = packages.iter().map(|it| it.name.clone()).filter(|it| !needed(it)).collect();
    }
    direct.dedup();
    if let Some(main) = main {
        note_dev(&mut packages, &main);
    }
    Ok(Content { requires_python: python, packages, direct, edges })
}

/// Whether the document has what each file of the format has.
fn is_of(format: Format, document: &DeTable<'_>) -> bool {
    document.contains_key(match format {
        Format::Uv => "version",
        Format::Pylock => "lock-version",
        Format::Poetry | Format::Pdm => "metadata",
    })
}

/// The span of a table of an array begins behind its header in some releases of the parser: the header is looked for.
fn start_of(entry: &Spanned<DeValue<'_>>, input: &str) -> usize {
    let start = entry.span().start.min(input.len());
    let before = input.get(..start).unwrap_or_default();
    if input.get(start..).is_some_and(|it| it.starts_with("[[") || it.starts_with('{')) {
        return start;
    }
    before.rfind("[[").unwrap_or(start)
}

fn metadata(document: &DeTable<'_>, key: &str) -> Option<String> {
    text::text(table(document, "metadata")?, key)
}

/// Until pdm 2.17 for all of the file; since then for each of its targets, of which the first one counts when it is alone.
fn pdm_python(document: &DeTable<'_>) -> Option<String> {
    let targets = table(document, "metadata").map_or(&[][..], |it| list(it, "targets"));
    metadata(document, "requires_python").or_else(|| match targets {
        [only] => text::text(as_table(only.get_ref())?, "requires_python"),
        _ => None,
    })
}

/// The project or another one of its workspace.
fn is_project(package: &DeTable<'_>) -> bool {
    let source = table(package, "source");
    source.is_some_and(|it| ["virtual", "editable"].iter().any(|key| it.contains_key(*key)))
}

fn is_local(format: Format, package: &DeTable<'_>) -> bool {
    match format {
        Format::Uv => table(package, "source").is_some_and(|it| !it.contains_key("registry")),
        Format::Poetry => {
            let kind = table(package, "source").and_then(|it| text::text(it, "type"));
            kind.is_some_and(|it| ["git", "directory", "file", "url"].contains(&it.as_str()))
        }
        Format::Pdm => ["git", "path", "url"].iter().any(|it| package.contains_key(*it)),
        Format::Pylock => {
            ["vcs", "directory", "archive"].iter().any(|it| package.contains_key(*it))
        }
    }
}

/// What extras and groups need.
fn in_groups<'t, 'i>(
    package: &'t DeTable<'i>,
) -> impl Iterator<Item = &'t Spanned<DeValue<'i>>> + use<'t, 'i> {
    let sets = ["optional-dependencies", "dev-dependencies"];
    let lists = sets.into_iter().filter_map(|it| table(package, it)).flat_map(|it| it.values());
    let named = lists.filter_map(|it| match it.get_ref() {
        DeValue::Array(it) => Some(it.iter()),
        _ => None,
    });
    named.flatten()
}

/// All that a package of `uv.lock` needs, also for the extras that somebody asks for.
fn uv_needs<'t, 'i>(
    package: &'t DeTable<'i>,
) -> impl Iterator<Item = &'t Spanned<DeValue<'i>>> + use<'t, 'i> {
    list(package, "dependencies").iter().chain(in_groups(package))
}

/// What a package of `uv.lock` needs when it runs: not its groups for developers.
fn runs_with<'t, 'i>(
    package: &'t DeTable<'i>,
) -> impl Iterator<Item = &'t Spanned<DeValue<'i>>> + use<'t, 'i> {
    let extras = table(package, "optional-dependencies");
    let named = extras.into_iter().flat_map(|it| it.values()).filter_map(|it| match it.get_ref() {
        DeValue::Array(it) => Some(it.iter()),
        _ => None,
    });
    list(package, "dependencies").iter().chain(named.flatten())
}

/// Marks what is not reached from what the project needs when it runs.
fn note_dev(packages: &mut [Package], main: &[String]) {
    let mut needs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for it in &*packages {
        needs.entry(&it.name).or_default().extend(it.needs.iter().map(String::as_str));
    }
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut queue: Vec<&str> = main.iter().map(String::as_str).collect();
    while let Some(name) = queue.pop() {
        if reached.insert(name.to_owned()) {
            queue.extend(needs.get(name).into_iter().flatten());
        }
    }
    for it in packages {
        it.is_dev = !reached.contains(&it.name);
    }
}

/// Whether the file itself says that only developers need a package.
fn is_dev(format: Format, package: &DeTable<'_>) -> bool {
    let main = match format {
        Format::Poetry => "main",
        Format::Pdm => "default",
        Format::Uv | Format::Pylock => return false,
    };
    let groups = list(package, "groups");
    let is_main = |it: &Spanned<DeValue<'_>>| it.get_ref().as_str() == Some(main);
    // Poetry before 2.0 has no groups, and before 1.5 a category.
    let is_old_dev = text::text(package, "category").is_some_and(|it| it == "dev");
    is_old_dev || (!groups.is_empty() && !groups.iter().any(is_main))
}

fn edge(from: Option<usize>, need: &Spanned<DeValue<'_>>) -> Option<Edge> {
    let it = as_table(need.get_ref())?;
    let name = normalised(&text::text(it, "name")?);
    Some(Edge { from, name, version: text::text(it, "version"), marker: text::text(it, "marker") })
}

/// The environments that a package is for. A single marker that all of them have to fit is a list of one.
fn markers(format: Format, package: &DeTable<'_>) -> Vec<String> {
    match format {
        Format::Uv => {
            let all = list(package, "resolution-markers").iter();
            all.filter_map(|it| it.get_ref().as_str().map(str::to_owned)).collect()
        }
        // Several groups with a marker each are a table here: it is needed in one of these environments.
        Format::Poetry => match table(package, "markers") {
            Some(groups) if groups.values().all(|it| it.get_ref().as_str().is_some()) => {
                let all = groups.values();
                all.filter_map(|it| it.get_ref().as_str().map(str::to_owned)).collect()
            }
            Some(_) => Vec::new(),
            None => text::text(package, "markers").into_iter().collect(),
        },
        Format::Pdm | Format::Pylock => text::text(package, "marker").into_iter().collect(),
    }
}

fn needs(format: Format, package: &DeTable<'_>) -> Vec<String> {
    match format {
        // `[package.dependencies]` has the names as keys.
        Format::Poetry => {
            let all = table(package, "dependencies");
            all.map_or_else(Vec::new, |it| it.keys().map(|it| normalised(it.get_ref())).collect())
        }
        Format::Uv => uv_needs(package).filter_map(|it| name_of(it.get_ref())).collect(),
        Format::Pylock | Format::Pdm => {
            list(package, "dependencies").iter().filter_map(|it| name_of(it.get_ref())).collect()
        }
    }
}

/// `{ name = "x" }`, or a requirement in words: `x>=2; python_version < "3.9"`.
fn name_of(value: &DeValue<'_>) -> Option<String> {
    let name = match value {
        DeValue::Table(it) => text::text(it, "name")?,
        DeValue::String(it) => {
            let end = it.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
            it.get(..end.unwrap_or(it.len()))?.to_owned()
        }
        _ => return None,
    };
    Some(normalised(&name))
}

/// Names of files, wherever the format has them.
fn files(format: Format, package: &DeTable<'_>, document: &DeTable<'_>, into: &mut Package) {
    let old = table(document, "metadata").and_then(|it| table(it, "files")).and_then(|it| {
        let key = it.keys().find(|key| normalised(key.get_ref()) == into.name)?;
        Some(list(it, key.get_ref()))
    });
    let lists = match format {
        Format::Uv | Format::Pylock => [list(package, "wheels"), &[]],
        Format::Poetry | Format::Pdm => [list(package, "files"), old.unwrap_or_default()],
    };
    for file in lists.into_iter().flatten().filter_map(|it| as_table(it.get_ref())) {
        let Some(name) = file_name(file) else { continue };
        if name.to_ascii_lowercase().ends_with(".whl") {
            into.wheels.push(name);
        } else {
            into.has_sdist = true;
        }
    }
    into.has_sdist |= package.contains_key("sdist");
}

/// `filename`, `file` or `name`, else the last part of `url` or `path`.
fn file_name(file: &DeTable<'_>) -> Option<String> {
    let named = ["filename", "file", "name"].iter().find_map(|it| text::text(file, it));
    let place = || ["url", "path"].iter().find_map(|it| text::text(file, it));
    let name = named.or_else(|| {
        let place = place()?;
        let end = place.find(['?', '#']).unwrap_or(place.len());
        let last = place.get(..end)?.rsplit(['/', '\\']).next()?;
        Some(last.replace("%2B", "+").replace("%2b", "+"))
    })?;
    (!name.is_empty()).then_some(name)
}

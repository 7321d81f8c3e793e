//! The names under which a distribution is imported: `pyyaml` is `yaml`. From the files that it has installed, else from
//! the table, else its own name.

use std::collections::BTreeSet;

use crate::binary::module_name;
use crate::environment::{Distribution, Environment};
use crate::table;

/// The dotted names whose import loads something of a distribution, sorted. A namespace that several distributions share is
/// named down to the part that belongs to this one.
pub fn of(distribution: &str, environment: Option<&Environment>) -> Vec<String> {
    let installed = environment.and_then(|it| it.distributions.get(distribution)).map(from_files);
    if let Some(names) = installed.filter(|it| !it.is_empty()) {
        return names;
    }
    match table::row(distribution) {
        Some(row) if !row.modules.is_empty() => row.modules.clone(),
        _ => vec![distribution.replace('-', "_")],
    }
}

fn from_files(distribution: &Distribution) -> Vec<String> {
    let files = distribution.files();
    let packages: BTreeSet<&str> =
        files.iter().filter_map(|it| it.strip_suffix("/__init__.py")).collect();
    let mut res = BTreeSet::new();
    for file in &files {
        let mut parts = file.split('/');
        let Some(top) = parts.next() else { continue };
        if let Some(name) = root_module(file) {
            res.insert(name);
        } else if packages.contains(top) {
            res.insert(top.to_owned());
        } else if let Some(inner) = parts.next()
            && packages.contains(format!("{top}/{inner}").as_str())
        {
            res.insert(format!("{top}.{inner}"));
        }
    }
    res.into_iter().collect()
}

/// A module that is a file directly in `site-packages`.
fn root_module(file: &str) -> Option<String> {
    if file.contains('/') {
        return None;
    }
    let name = match file.strip_suffix(".py") {
        Some(name) => name.to_owned(),
        None => module_name(std::path::Path::new(file))?.0.to_owned(),
    };
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_tell_before_the_table_and_the_table_before_the_name() {
        let root = tempfile::tempdir().unwrap();
        let site = root.path().join("lib/python3.12/site-packages");
        let info = site.join("protobuf-6.0.dist-info");
        std::fs::create_dir_all(&info).unwrap();
        let record = "google/protobuf/__init__.py,,\ngoogle/protobuf/message.py,,\ngoogle/_upb/x.py,,\n\
                      one.py,,\nprotobuf-6.0.dist-info/METADATA,,\n../../bin/tool,,\n";
        std::fs::write(info.join("RECORD"), record).unwrap();
        let environment = crate::environment::at(root.path());
        assert_eq!(of("protobuf", Some(&environment)), ["google.protobuf", "one"]);
        assert_eq!(of("pyyaml", Some(&environment)), ["yaml"]);
        assert_eq!(of("some-thing", None), ["some_thing"]);
    }
}

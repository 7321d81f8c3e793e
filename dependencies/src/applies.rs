//! Which packages of a lock file one interpreter on one platform gets. A lock file is for many of them: `pywin32` is in it for
//! Windows alone, and two versions of `numpy` for an old interpreter and a new one. What is never installed stands in no one's
//! way.
//!
//! A package is left out only when its markers (PEP 508) say so; a marker that cannot be read counts as true.

use std::collections::BTreeMap;

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder, MarkerTree, VerbatimUrl};

use crate::lock::{Edge, Lock};
use crate::tags::{Platform, System};
use crate::target::Target;

/// Evaluates markers for one interpreter and platform.
#[derive(Debug)]
pub struct Markers {
    /// The first patch release of the interpreter, and one that is later than all: a marker that only tells patch releases
    /// apart is true for one of them.
    environments: Vec<MarkerEnvironment>,
}

impl Markers {
    /// For an interpreter on a platform.
    pub fn new(target: Target, platform: Platform) -> Self {
        let (os, system, sys) = match platform.system {
            System::Linux => ("posix", "Linux", "linux"),
            System::Macos => ("posix", "Darwin", "darwin"),
            System::Windows => ("nt", "Windows", "win32"),
        };
        let machine = match (platform.system, platform.is_arm) {
            (System::Linux, true) => "aarch64",
            (System::Macos, true) => "arm64",
            (System::Windows, true) => "ARM64",
            (System::Windows, false) => "AMD64",
            (_, false) => "x86_64",
        };
        let version = format!("3.{}", target.minor);
        let environment = |patch: u8| {
            let full = format!("{version}.{patch}");
            MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
                implementation_name: "cpython",
                implementation_version: &full,
                os_name: os,
                platform_machine: machine,
                platform_python_implementation: "CPython",
                platform_release: "",
                platform_system: system,
                platform_version: "",
                python_full_version: &full,
                python_version: &version,
                sys_platform: sys,
            })
            .ok()
        };
        Self { environments: [0, 99].into_iter().filter_map(environment).collect() }
    }

    /// Whether a marker may hold. Extras are taken as asked for.
    pub fn may_hold(&self, marker: &str) -> bool {
        let Ok(tree) = MarkerTree::parse_str::<VerbatimUrl>(marker) else { return true };
        self.tree_may_hold(&tree)
    }

    /// The same for a marker that has been read.
    pub fn tree_may_hold(&self, tree: &MarkerTree) -> bool {
        let tree = tree.clone().simplify_extras_with(|_| true);
        self.environments.is_empty() || self.environments.iter().any(|it| tree.evaluate(it, &[]))
    }

    /// For each package of a lock file, in its order, whether it may be installed.
    pub fn installed(&self, lock: &Lock) -> Vec<bool> {
        let own = |markers: &[String]| {
            markers.is_empty() || markers.iter().any(|marker| self.may_hold(marker))
        };
        let mut res: Vec<bool> = lock.packages.iter().map(|it| own(&it.markers)).collect();
        let mut named: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, package) in lock.packages.iter().enumerate() {
            named.entry(&package.name).or_default().push(at);
        }
        let mut incoming: Vec<Vec<&Edge>> = vec![Vec::new(); lock.packages.len()];
        let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); lock.packages.len()];
        let mut holds: BTreeMap<&str, bool> = BTreeMap::new();
        for edge in &lock.edges {
            for &to in named.get(edge.name.as_str()).into_iter().flatten() {
                let version = &lock.packages[to].version;
                if edge.version.is_none() || edge.version == *version {
                    incoming[to].push(edge);
                    if let Some(from) = edge.from {
                        outgoing[from].push(to);
                    }
                }
            }
            if let Some(marker) = &edge.marker {
                holds.entry(marker).or_insert_with(|| self.may_hold(marker));
            }
        }
        // Whoever is only needed by what is left out is left out as well; so each one is looked at, and once more when one of
        // those that need it goes. Packages that need each other stay.
        let mut queue: Vec<usize> = (0..res.len()).collect();
        while let Some(at) = queue.pop() {
            let needed = |it: &&Edge| {
                it.from.is_none_or(|from| res[from])
                    && it.marker.as_deref().is_none_or(|it| holds.get(it) != Some(&false))
            };
            let was = res[at];
            res[at] = was && (incoming[at].is_empty() || incoming[at].iter().any(needed));
            if was != res[at] {
                queue.extend(&outgoing[at]);
            }
        }
        res
    }
}

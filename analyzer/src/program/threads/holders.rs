//! What holds instances of classes: attributes, module variables, variables that inner functions see.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::sharing::{is_of_the_script, tested};
use super::{Reach, Shared, Threads};
use crate::program::types::{Node, Ty, TypeTable};
use crate::program::world::{ClassGid, FuncGid, ModuleId, World};

/// Who holds instances of which class, sorted.
#[derive(Default)]
pub(super) struct Holders {
    /// Class of the object, class of what it holds, attribute.
    attributes: Vec<(ClassGid, ClassGid, Name)>,
    cells: Vec<(FuncGid, ClassGid, Name)>,
    globals: Vec<(ModuleId, ClassGid, Name)>,
}

impl Holders {
    /// Looks through all types.
    pub(super) fn find(types: &TypeTable) -> Self {
        let mut out = Holders::default();
        for (node, held) in types.nodes() {
            let classes = held.iter().filter_map(|it| match it {
                Ty::Instance(class) => Some(*class),
                _ => None,
            });
            match node {
                Node::Attr(holder, name) => {
                    out.attributes.extend(classes.map(|it| (*holder, it, name.clone())));
                }
                Node::Cell(owner, name) => {
                    out.cells.extend(classes.map(|it| (*owner, it, name.clone())));
                }
                Node::Global(module, name) => {
                    out.globals.extend(classes.map(|it| (*module, it, name.clone())));
                }
                _ => {}
            }
        }
        out.attributes.sort();
        out.cells.sort();
        out.globals.sort();
        out
    }

    /// What module variables hold, what threads capture, and what hangs directly on shared objects is shared too. One
    /// step only: further down, an object that is shared somewhere says little about its other uses.
    pub(super) fn spread(&self, world: &World, threads: &mut Threads) {
        let started = threads.spawns.iter().filter(|it| it.kind.is_elsewhere());
        let makers: FxHashSet<FuncGid> = started.filter_map(|it| world.parent(it.target)).collect();
        let programs: FxHashSet<ModuleId> =
            threads.spawns.iter().map(|it| world.module_of(it.func)).collect();
        let mut direct: Vec<(ClassGid, Shared)> = Vec::new();
        let mut captured: Vec<(ClassGid, FuncGid)> = Vec::new();
        for (owner, class, name) in self.cells.iter().filter(|it| makers.contains(&it.0)) {
            if !tested(world, *owner, *class) {
                let why = format!("a thread sees the variable `{name}`");
                captured.push((*class, *owner));
                direct.push((*class, Shared { reach: Reach::Captured, why }));
            }
        }
        for (module, class, name) in &self.globals {
            let is_test = world.modules[*module as usize].is_test;
            if !is_test && (programs.contains(module) || !is_of_the_script(world, *module, name)) {
                let why = format!("the module variable `{name}` holds it");
                direct.push((*class, Shared { reach: Reach::Module, why }));
            }
        }
        direct.sort();
        captured.sort_unstable();
        for (class, Shared { reach, why }) in direct {
            threads.share(class, reach, || why);
        }
        for (class, owner) in captured {
            threads.captured.entry(class).or_default().push(owner);
        }
        let known = threads.shared.iter().filter(|it| it.1.reach != Reach::Handed);
        let roots: FxHashSet<ClassGid> = known.map(|it| *it.0).collect();
        for (holder, held, name) in &self.attributes {
            if holder != held {
                threads.held_by.entry(*held).or_insert_with(|| (*holder, name.clone()));
            }
            if roots.contains(holder) {
                let holder = &world.class(*holder).name;
                threads.share(*held, Reach::Below, || {
                    format!("attribute `{name}` of a shared `{holder}` holds it")
                });
            }
        }
    }
}

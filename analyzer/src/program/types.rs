//! What values may be: a small flow-insensitive points-to analysis over attributes, globals, parameters, returns,
//! cells and container elements. Locals were resolved by lowering. Sets are capped; a full set stops growing, which
//! only makes later steps know less.

mod decorated;
mod flow;
mod made;
mod solve;
mod steps;

pub(crate) use {
    decorated::{decorators, is_property},
    solve::{Solved, solve},
    steps::stores_argument,
};

use std::cell::Cell;
use std::hash::BuildHasher;
use std::sync::Arc;

use ruff_python_ast::name::Name;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use made::{entity_type, instance_of, made_by, returned_param};

use super::memo::{Key, note_key};
use super::world::{ClassGid, Entity, FuncGid, ModuleId, World};
use crate::domain::{Base, Container, Origin, Place, Step};

/// A place of allocation: function and index of the call, or of the display. Where both can be meant, calls carry
/// [`BY_CALL`]: `dict()` and `{}` are numbered apart.
pub(crate) type AllocSite = (FuncGid, u32);

/// Marks the index of a call among those of displays.
pub(crate) const BY_CALL: u32 = 1 << 31;

/// One thing a value may be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ty {
    Instance(ClassGid),
    Class(ClassGid),
    Func(FuncGid),
    /// A method with its receiver.
    Method(FuncGid),
    /// What calling something outside the project returned.
    External(Name, AllocSite),
    /// A built-in container.
    Made(Container, AllocSite),
}

/// What a value may be.
pub(crate) type Types = SmallVec<[Ty; 1]>;

/// More is not tracked.
const MAX_TYPES: usize = 8;

/// A variable of the analysis.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    Attr(ClassGid, Name),
    Global(ModuleId, Name),
    Cell(FuncGid, Name),
    Param(FuncGid, u32),
    Return(FuncGid),
    Elem(AllocSite),
}

thread_local! {
    /// The nodes read while one function is evaluated, where nobody wants to know more; `None` outside of that.
    static READS: Cell<Option<Vec<Key>>> = const { Cell::new(None) };
}

/// Two nodes with one key only cost an evaluation.
fn key_of(node: &Node) -> Key {
    let hash = rustc_hash::FxBuildHasher.hash_one(node);
    u32::try_from(hash >> 34).unwrap_or_default()
}

/// What is known of a node.
#[derive(Clone, Default, PartialEq)]
struct Known {
    types: Types,
    /// How many of them were known after each round.
    after: [u8; ROUNDS],
}

/// The result.
#[derive(Clone, PartialEq)]
pub(crate) struct TypeTable {
    nodes: Arc<FxHashMap<Node, Known>>,
    /// After which round it is looked at.
    round: usize,
}

/// What one function adds.
type Additions = Vec<(Node, Types)>;

/// The site of annotated externals, which were not made anywhere we see.
pub(crate) const NOWHERE: AllocSite = (u32::MAX, u32::MAX);

/// What is gathered in one round.
type Pending = FxHashMap<Node, Types>;

/// How often the equations are evaluated; measured on the standard library, nothing of use changes after three.
const ROUNDS: usize = 3;

impl Ty {
    /// Where a container with elements was made.
    pub(crate) fn container(&self) -> Option<AllocSite> {
        match self {
            Ty::Made(_, site) if *site != NOWHERE => Some(*site),
            Ty::External(_, site) if *site != NOWHERE => Some((site.0, site.1 | BY_CALL)),
            _ => None,
        }
    }
}

impl TypeTable {
    /// The types of a node.
    pub(crate) fn node(&self, node: &Node) -> &[Ty] {
        if let Some(mut reads) = READS.take() {
            reads.push(key_of(node));
            READS.set(Some(reads));
        }
        note_key(|| key_of(node));
        self.known(node)
    }

    fn known(&self, node: &Node) -> &[Ty] {
        let Some(known) = self.nodes.get(node) else { return &[] };
        match self.round.checked_sub(1) {
            Some(round) => &known.types[..usize::from(known.after[round])],
            None => &[],
        }
    }

    /// All nodes.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&Node, &Types)> {
        self.nodes.iter().map(|(node, known)| (node, &known.types))
    }

    /// The functions a callee may be, with the number of bound parameters.
    pub(crate) fn targets(
        &self,
        world: &World,
        func: FuncGid,
        callee: Origin,
    ) -> SmallVec<[(FuncGid, u32); 2]> {
        Self::targets_of(world, &self.of(world, func, callee))
    }

    /// The functions that values of these types call.
    pub(crate) fn targets_of(world: &World, types: &[Ty]) -> SmallVec<[(FuncGid, u32); 2]> {
        let mut out = SmallVec::new();
        for ty in types {
            match *ty {
                Ty::Func(it) => out.push((it, 0)),
                Ty::Method(it) => out.push((it, 1)),
                Ty::Class(class) => {
                    let init = world.method(class, &Name::new_static("__init__"));
                    out.extend(init.map(|it| (it, 1)));
                }
                Ty::Instance(class) => {
                    let call = world.method(class, &Name::new_static("__call__"));
                    out.extend(call.map(|it| (it, 1)));
                }
                _ => {}
            }
        }
        out
    }

    /// What an origin may be.
    pub(crate) fn of(&self, world: &World, func: FuncGid, origin: Origin) -> Types {
        match origin {
            Origin::Alloc(id) => SmallVec::from_iter([Ty::Made(
                world.func(func).allocs[id as usize].kind,
                (func, id),
            )]),
            Origin::Func(_) | Origin::Class(_) => entity_type(world.entity(func, origin).as_ref()),
            Origin::Instance(_) => instance_of(world.entity(func, origin)),
            Origin::Call(id) => self.result(world, func, id),
            Origin::Place(id) => self.place_at(world, func, id),
            _ => SmallVec::new(),
        }
    }

    /// What a call may return.
    fn result(&self, world: &World, func: FuncGid, call: u32) -> Types {
        let callee = world.func(func).calls[call as usize].callee;
        let mut out = Types::new();
        match callee {
            Origin::Place(_) => match world.entity(func, callee) {
                Some(Entity::External(name)) => {
                    out.push(made_by(name, (func, call)));
                    return out;
                }
                Some(Entity::Class(class)) => {
                    out.push(Ty::Instance(class));
                    return out;
                }
                Some(Entity::Func(target)) if !world.func(target).is_generator => {
                    return self.returned(world, func, call, target);
                }
                _ => {}
            },
            Origin::Unknown => return out,
            _ => {}
        }
        for ty in self.of(world, func, callee) {
            match ty {
                Ty::Class(class) => out.push(Ty::Instance(class)),
                Ty::Func(it) | Ty::Method(it) => out.extend(self.run(world, it, (func, call))),
                Ty::External(name, site) => self.called(name, site, (func, call), &mut out),
                Ty::Instance(_) | Ty::Made(..) => {}
            }
        }
        if out.iter().all(|it| matches!(it, Ty::External(..))) {
            out.extend(self.taken_out(world, func, callee));
        }
        out
    }

    /// What a function returns to this call: what it made, and what it was given and gives back.
    fn returned(&self, world: &World, func: FuncGid, call: u32, target: FuncGid) -> Types {
        let mut out: Types = self.node(&Node::Return(target)).into();
        for origin in &world.func(target).returns {
            if let Some(index) = returned_param(world, target, *origin)
                && let Some(arg) = world.func(func).calls[call as usize].args.get(index as usize)
                && arg.name().is_none()
                && !matches!(arg.value, Origin::Call(_))
            {
                out.extend(self.of(world, func, arg.value));
            }
        }
        out
    }

    /// What may stand at a place of a function.
    pub(crate) fn place_at(&self, world: &World, func: FuncGid, id: u32) -> Types {
        let place = &world.func(func).places[id as usize];
        let Some((entity, covered)) = world.named(func, id) else {
            return self.place(world, func, place);
        };
        let rest = &place.path[usize::from(*covered)..];
        let mut types = self.entity(Some(entity.clone()));
        for step in rest {
            types = self.step(world, &types, step);
        }
        types
    }

    /// What may stand at a place.
    pub(crate) fn place(&self, world: &World, func: FuncGid, place: &Place) -> Types {
        let (mut types, path) = match &place.base {
            Base::Global(_) | Base::Import(_) => self.named(world, func, place),
            base => (self.base(world, func, base), place.path.as_slice()),
        };
        for step in path {
            types = self.step(world, &types, step);
        }
        types
    }

    /// Follows a dotted name as far as it names things; the rest of the path remains.
    fn named<'p>(&self, world: &World, func: FuncGid, place: &'p Place) -> (Types, &'p [Step]) {
        let module = world.module_of(func);
        let mut entity = match &place.base {
            Base::Global(name) => world.global(module, name, 0),
            Base::Import(path) => world.dotted(path, module, 0),
            _ => None,
        };
        for (index, step) in place.path.iter().enumerate() {
            let next =
                if let (Some(it @ (Entity::Module(_) | Entity::External(_))), Step::Attr(name)) =
                    (&entity, step)
                {
                    world.member(it, name, 0)
                } else {
                    let types = self.entity(entity);
                    return (types, &place.path[index..]);
                };
            entity = next;
        }
        (self.entity(entity), &[])
    }

    fn entity(&self, entity: Option<Entity>) -> Types {
        match entity {
            Some(Entity::Variable(module, name)) => self.node(&Node::Global(module, name)).into(),
            Some(Entity::External(name)) => SmallVec::from_iter([Ty::External(name, NOWHERE)]),
            other => entity_type(other.as_ref()),
        }
    }

    fn base(&self, world: &World, func: FuncGid, base: &Base) -> Types {
        match base {
            Base::SelfObj => world.class_of(func).map(Ty::Instance).into_iter().collect(),
            Base::Cls => world.class_of(func).map(Ty::Class).into_iter().collect(),
            Base::Param(index) => self.param(world, func, *index),
            Base::Cell(owner, name) => {
                let owner = world.func_gid(world.module_of(func), *owner);
                self.node(&Node::Cell(owner, name.clone())).into()
            }
            Base::Call(id) => self.result(world, func, *id),
            Base::Alloc(id) => self.of(world, func, Origin::Alloc(*id)),
            _ => SmallVec::new(),
        }
    }

    fn param(&self, world: &World, func: FuncGid, index: u32) -> Types {
        let mut types: Types = self.node(&Node::Param(func, index)).into();
        if let Some(param) = world.func(func).params.get(index as usize) {
            let parent = world.parent(func).unwrap_or(func);
            let more =
                self.of(world, func, param.annotation).into_iter().chain(match param.default {
                    Origin::Alloc(_) | Origin::Class(_) | Origin::Func(_) => {
                        self.of(world, parent, param.default)
                    }
                    Origin::Place(_) => entity_type(world.entity(parent, param.default).as_ref()),
                    _ => SmallVec::new(),
                });
            for ty in more {
                if !types.contains(&ty) {
                    types.push(ty);
                }
            }
        }
        types
    }
}

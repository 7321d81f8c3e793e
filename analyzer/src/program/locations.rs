//! Canonical names of shared locations: the same attribute of the same class hierarchy, the same global, the same
//! captured variable is one location however it is written.

use ruff_python_ast::name::Name;
use smallvec::SmallVec;

use super::types::{AllocSite, BY_CALL, Node, Ty, TypeTable};
use super::world::{ClassGid, Entity, FuncGid, ModuleId, World};
use crate::domain::{Base, Op, Origin, Place, Step};
use crate::knowledge::atomicity::ATOMICITY;

/// What a location hangs on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Root {
    Global(ModuleId, Name),
    /// An attribute of instances; the class is the topmost one that mentions it.
    Instance(ClassGid, Name),
    Class(ClassGid, Name),
    Cell(FuncGid, Name),
    /// A container or object made at a place and passed around.
    Made(AllocSite),
    /// Something the process has once, by its full name: `sys.modules`.
    Process(Name),
}

/// The step from a container to the objects in it.
const ELEMENT: Name = Name::new_static("[]");

/// A location: a root and a path below it. What is done to a container's elements as such (`d[k] = v`) is done to the
/// container; the objects in it are a location of their own, one for all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Location {
    pub(crate) root: Root,
    pub(crate) path: SmallVec<[Name; 1]>,
}

impl Location {
    pub(crate) fn at(root: Root) -> Self {
        Location { root, path: SmallVec::new() }
    }

    /// It is an object among others in a container.
    pub(crate) fn is_in_a_container(&self) -> bool {
        self.path.contains(&ELEMENT)
    }

    /// The last attribute or variable of the way.
    pub(crate) fn last_name(&self) -> Option<Name> {
        let below = self.path.iter().rev().find(|it| **it != ELEMENT).cloned();
        below.or_else(|| match &self.root {
            Root::Global(_, name)
            | Root::Instance(_, name)
            | Root::Class(_, name)
            | Root::Cell(_, name) => Some(name.clone()),
            Root::Process(name) => name.rsplit('.').next().map(Name::new),
            Root::Made(_) => None,
        })
    }

    /// A stable label.
    pub(crate) fn label(&self, world: &World) -> String {
        let root = match &self.root {
            Root::Global(module, name) => {
                format!("{}.{name}", world.modules[*module as usize].name)
            }
            Root::Instance(class, name) => format!("{}@{name}", class_label(world, *class)),
            Root::Class(class, name) => format!("{}.{name}", class_label(world, *class)),
            Root::Process(name) => name.to_string(),
            Root::Cell(func, name) => {
                format!("{}.{}.{name}", world.module(*func).name, world.func(*func).qualname)
            }
            Root::Made((func, index)) => {
                format!("{}.{}#{index}", world.module(*func).name, world.func(*func).qualname)
            }
        };
        self.path.iter().fold(root, |label, it| format!("{label}.{it}"))
    }
}

fn class_label(world: &World, class: ClassGid) -> String {
    let module = world.classes[class as usize].module;
    format!("{}.{}", world.modules[module as usize].name, world.class(class).qualname)
}

/// The location of a place. A trailing element step names the container.
pub(crate) fn resolve(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    place: &Place,
) -> Option<Location> {
    let (mut location, rest) = root(world, types, func, place)?;
    // A name that the class defines is called, not stored; a property may hand out what is stored.
    if let Root::Instance(class, name) | Root::Class(class, name) = &location.root
        && let Some(method) = world.method(*class, name)
    {
        location = Some(method)
            .filter(|it| super::types::is_property(world, *it))
            .and_then(|it| handed_out(world, types, it))?;
    }
    for step in rest {
        match step {
            Step::Elem => location.path.push(ELEMENT),
            Step::Attr(name) => {
                location.path.push(name.clone());
            }
        }
    }
    Some(location)
}

fn root<'p>(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    place: &'p Place,
) -> Option<(Location, &'p [Step])> {
    // The last attribute whose holder has a known class decides.
    for split in (1..place.path.len()).rev() {
        let Step::Attr(name) = &place.path[split] else { continue };
        let holder = Place { base: place.base.clone(), path: place.path[..split].into() };
        for ty in types.place(world, func, &holder) {
            match ty {
                Ty::Instance(class) => {
                    return Some((attribute(world, types, class, name), &place.path[split + 1..]));
                }
                Ty::Class(class) => {
                    return Some((class_attribute(world, class, name), &place.path[split + 1..]));
                }
                _ => {}
            }
        }
    }
    let rest = |n: usize| &place.path[n.min(place.path.len())..];
    match (&place.base, place.path.first()) {
        (Base::SelfObj, Some(Step::Attr(name))) => {
            let class = world.class_of(func)?;
            Some((attribute(world, types, class, name), rest(1)))
        }
        (Base::Cls, Some(Step::Attr(name))) => {
            Some((class_attribute(world, world.class_of(func)?, name), rest(1)))
        }
        (Base::Cell(owner, name), _) => {
            let owner = world.func_gid(world.module_of(func), *owner);
            Some(cell(world, types, owner, name, place))
        }
        (Base::Global(_) | Base::Import(_), _) => named(world, types, func, place),
        (Base::Param(_) | Base::Call(_) | Base::Alloc(_), _) => passed(world, types, func, place),
        _ => None,
    }
}

/// Something that was passed in, returned, or made here.
fn passed<'p>(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    place: &'p Place,
) -> Option<(Location, &'p [Step])> {
    if let Base::Call(call) = &place.base
        && let Some(location) = returned(world, types, func, *call)
    {
        return Some((location, &place.path));
    }
    let first = place.path.first();
    let below = &place.path[1.min(place.path.len())..];
    let bare = Place { base: place.base.clone(), path: SmallVec::new() };
    let held = types.place(world, func, &bare);
    if let [made] = held.as_slice()
        && matches!(first, None | Some(Step::Elem))
        && let Some(location) = kept(world, types, made)
    {
        return Some((location, &place.path));
    }
    held.into_iter().find_map(|ty| match (ty, first) {
        (Ty::Instance(class), Some(Step::Attr(name))) => {
            Some((attribute(world, types, class, name), below))
        }
        (Ty::Class(class), Some(Step::Attr(name))) => {
            Some((class_attribute(world, class, name), below))
        }
        (Ty::External(name, _), None | Some(Step::Elem)) if ATOMICITY.process(&name).is_some() => {
            Some((Location::at(Root::Process(name)), below))
        }
        (ty, None | Some(Step::Elem)) => {
            ty.container().map(|site| (Location::at(Root::Made(site)), &*place.path))
        }
        _ => None,
    })
}

/// The attribute or variable that a function does nothing but return.
fn handed_out(world: &World, types: &TypeTable, func: FuncGid) -> Option<Location> {
    let it = world.func(func);
    let [Origin::Place(place)] = it.returns.as_slice() else { return None };
    let place = &it.places[*place as usize];
    match (&place.base, place.path.as_slice()) {
        (Base::SelfObj, [Step::Attr(name)]) => {
            let class = world.class_of(func)?;
            world.method(class, name).is_none().then(|| attribute(world, types, class, name))
        }
        (Base::Cls, [Step::Attr(name)]) => {
            Some(class_attribute(world, world.class_of(func)?, name))
        }
        (Base::Global(_), []) => named(world, types, func, place).map(|it| it.0),
        _ => None,
    }
}

/// What a call hands out of the one function it can call.
fn returned(world: &World, types: &TypeTable, func: FuncGid, call: u32) -> Option<Location> {
    let callee = world.func(func).calls[call as usize].callee;
    let Origin::Place(_) = callee else { return None };
    match types.targets(world, func, callee).as_slice() {
        [(target, _)] if !world.func(*target).is_generator => handed_out(world, types, *target),
        _ => None,
    }
}

/// Where the function that made a container keeps it: passed around, it is still that attribute's.
pub(crate) fn kept(world: &World, types: &TypeTable, made: &Ty) -> Option<Location> {
    let (func, id) = made.container()?;
    let it = world.func(func);
    let stored = |value: Origin| match value {
        Origin::Alloc(it) => it == id,
        Origin::Call(it) => it | BY_CALL == id,
        _ => false,
    };
    let store = it.events.iter().find(|it| it.op == Op::Store && stored(it.value))?;
    let place = &it.places[store.place as usize];
    match (&place.base, place.path.as_slice()) {
        (Base::SelfObj, [Step::Attr(name)]) => {
            Some(attribute(world, types, world.class_of(func)?, name))
        }
        (Base::Global(_), []) => named(world, types, func, place).map(|it| it.0),
        _ => None,
    }
}

/// A captured variable; when it holds an object of a known class, its attributes are that class's.
fn cell<'p>(
    world: &World,
    types: &TypeTable,
    owner: FuncGid,
    name: &Name,
    place: &'p Place,
) -> (Location, &'p [Step]) {
    if let Some(Step::Attr(attr)) = place.path.first() {
        for ty in types.node(&Node::Cell(owner, name.clone())) {
            match ty {
                Ty::Instance(class) => {
                    return (attribute(world, types, *class, attr), &place.path[1..]);
                }
                Ty::Class(class) => {
                    return (class_attribute(world, *class, attr), &place.path[1..]);
                }
                _ => {}
            }
        }
        if let Some(class) = self_cell(world, owner, name) {
            return (attribute(world, types, class, attr), &place.path[1..]);
        }
    }
    (Location::at(Root::Cell(owner, name.clone())), &place.path)
}

/// The class of `self` when an inner function of a method uses it.
fn self_cell(world: &World, owner: FuncGid, name: &Name) -> Option<ClassGid> {
    let facts = world.func(owner);
    let is_self = facts.bound != crate::domain::Bound::Free
        && facts.params.first().is_some_and(|it| it.name == *name);
    is_self.then(|| world.class_of(owner)).flatten()
}

fn named<'p>(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    place: &'p Place,
) -> Option<(Location, &'p [Step])> {
    let module = world.module_of(func);
    let mut entity = match &place.base {
        Base::Global(name) => world.global(module, name, 0)?,
        Base::Import(path) => world.dotted(path, module, 0)?,
        _ => return None,
    };
    for (index, step) in place.path.iter().enumerate() {
        let rest = &place.path[index + 1..];
        if let Some(location) = process_wide(&entity) {
            return Some((location, &place.path[index..]));
        }
        match (&entity, step) {
            (Entity::External(module), Step::Attr(name)) if ATOMICITY.has_process(module) => {
                entity = world.member(&entity, name, 0)?;
            }
            (Entity::Module(_), Step::Attr(name)) => entity = world.member(&entity, name, 0)?,
            (Entity::Class(class), Step::Attr(name)) => {
                return Some((class_attribute(world, *class, name), rest));
            }
            (Entity::Variable(module, name), Step::Attr(attr)) => {
                let held = types.node(&Node::Global(*module, name.clone()));
                for ty in held {
                    match ty {
                        Ty::Instance(class) => {
                            return Some((attribute(world, types, *class, attr), rest));
                        }
                        Ty::Class(class) => {
                            return Some((class_attribute(world, *class, attr), rest));
                        }
                        _ => {}
                    }
                }
                return Some((
                    Location::at(Root::Global(*module, name.clone())),
                    &place.path[index..],
                ));
            }
            (Entity::Variable(module, name), Step::Elem) => {
                let root = Root::Global(*module, name.clone());
                return Some((Location::at(root), &place.path[index..]));
            }
            // Attributes set on functions.
            (Entity::Func(target), Step::Attr(attr)) => {
                let label = Name::new(format!("{}.{attr}", world.func(*target).qualname));
                return Some((Location::at(Root::Global(world.module_of(*target), label)), rest));
            }
            _ => return None,
        }
    }
    match entity {
        Entity::Variable(module, name) => Some((Location::at(Root::Global(module, name)), &[])),
        other => process_wide(&other).map(|it| (it, &[][..])),
    }
}

/// A container that the process has once.
fn process_wide(entity: &Entity) -> Option<Location> {
    let Entity::External(name) = entity else { return None };
    let row = ATOMICITY.has_process(name).then(|| ATOMICITY.process(name)).flatten();
    row.map(|_| Location::at(Root::Process(name.clone())))
}

/// An attribute read or written through an instance: the instance's, unless only class bodies assign it.
fn attribute(world: &World, types: &TypeTable, class: ClassGid, name: &Name) -> Location {
    let owner = attr_owner(world, class, name);
    // The cheap questions first: few attributes are of a class, and the last one goes through all classes below.
    if is_class_level(world, class, name)
        && !world.foreign_stores.contains(name)
        && !assigned_on_instances(world, class, name)
    {
        return Location::at(Root::Class(owner, name.clone()));
    }
    let _ = types;
    Location::at(Root::Instance(owner, name.clone()))
}

fn class_attribute(world: &World, class: ClassGid, name: &Name) -> Location {
    Location::at(Root::Class(attr_owner(world, class, name), name.clone()))
}

/// The topmost class of the hierarchy that mentions the attribute.
pub(crate) fn attr_owner(world: &World, class: ClassGid, name: &Name) -> ClassGid {
    let mentions =
        |it: &ClassGid| is_class_level_own(world, *it, name) || stores_on_self(world, *it, name);
    world.ancestors(class).iter().copied().rfind(mentions).unwrap_or(class)
}

fn is_class_level(world: &World, class: ClassGid, name: &Name) -> bool {
    std::iter::once(class)
        .chain(world.ancestors(class).iter().copied())
        .any(|it| is_class_level_own(world, it, name))
}

fn is_class_level_own(world: &World, class: ClassGid, name: &Name) -> bool {
    world.classes[class as usize].class_attrs.contains(name)
}

fn assigned_on_instances(world: &World, class: ClassGid, name: &Name) -> bool {
    std::iter::once(class)
        .chain(world.ancestors(class).iter().copied())
        .chain(world.descendants(class).iter().copied())
        .any(|it| stores_on_self(world, it, name))
}

fn stores_on_self(world: &World, class: ClassGid, name: &Name) -> bool {
    world.classes[class as usize].instance_attrs.contains(name)
}

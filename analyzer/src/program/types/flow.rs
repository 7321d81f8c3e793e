//! What one function adds to the table: its stores, returns, arguments and container elements.

use ruff_python_ast::name::Name;
use smallvec::SmallVec;

use super::{Additions, Node, Ty, TypeTable, Types, decorators, returned_param, stores_argument};
use crate::domain::{Base, Container, Op, Origin, Passed, Place, Step};
use crate::program::world::{Entity, FuncGid, World};

/// A function that runs on a thread, the number of bound parameters, and what follows them.
type Run = (FuncGid, u32, SmallVec<[Origin; 4]>);

impl TypeTable {
    pub(super) fn flow(&self, world: &World, func: FuncGid, out: &mut Additions) {
        let facts = world.func(func);
        for event in &facts.events {
            let interesting = !matches!(
                event.value,
                Origin::Unknown
                    | Origin::Nothing
                    | Origin::Bool(_)
                    | Origin::Number
                    | Origin::Immutable
            );
            if !interesting {
                continue;
            }
            let types = self.of(world, func, event.value);
            if types.is_empty() {
                continue;
            }
            match event.op {
                Op::Store => {
                    if let Some(node) =
                        self.target(world, func, &facts.places[event.place as usize])
                    {
                        out.push((node, types));
                    }
                }
                Op::SetItem => {
                    for holder in self.place(world, func, &facts.places[event.place as usize]) {
                        if let Some(site) = holder.container() {
                            out.push((Node::Elem(site), types.clone()));
                        }
                    }
                }
                _ => {}
            }
        }
        for origin in &facts.returns {
            // What a caller passed in is known at the call.
            if returned_param(world, func, *origin).is_none() {
                let types = self.of(world, func, *origin);
                push(out, Node::Return(func), types);
            }
        }
        self.flow_calls(world, func, out);
        self.flow_decorators(world, func, out);
    }

    /// A decorator is called with what it decorates.
    pub(super) fn flow_decorators(&self, world: &World, func: FuncGid, out: &mut Additions) {
        for decorator in decorators(world, self, func) {
            out.push((Node::Param(decorator, 0), SmallVec::from_iter([Ty::Func(func)])));
        }
    }

    pub(super) fn flow_calls(&self, world: &World, func: FuncGid, out: &mut Additions) {
        let facts = world.func(func);
        for call in &facts.calls {
            if call.args.is_empty() || call.callee == Origin::Unknown {
                continue;
            }
            // Most calls go to names outside the project; of these only thread starters matter.
            if let Origin::Place(place) = call.callee
                && let Some((Entity::External(name), _)) = world.named(func, place)
            {
                if world.knowledge.callables.contains_key(name.as_str()) {
                    self.flow_to_thread(world, func, call, out);
                }
                continue;
            }
            for (target, offset) in self.targets(world, func, call.callee) {
                let params = &world.func(target).params;
                for (index, arg) in (0u32..).zip(&call.args) {
                    let slot = match &arg.how {
                        Passed::Keyword(name) => params
                            .iter()
                            .position(|it| it.name == *name)
                            .and_then(|it| u32::try_from(it).ok()),
                        Passed::Position => Some(index + offset),
                        Passed::Starred => None,
                    };
                    let Some(slot) = slot else { continue };
                    let types = self.of(world, func, arg.value);
                    push(out, Node::Param(target, slot), types);
                }
            }
            self.flow_append(world, func, call, out);
            self.flow_to_thread(world, func, call, out);
        }
    }

    /// What a thread's target is called with: `args=(...)`, or what follows the callable.
    pub(super) fn flow_to_thread(
        &self,
        world: &World,
        func: FuncGid,
        call: &crate::domain::Call,
        out: &mut Additions,
    ) {
        for started in crate::program::threads::spawned(world, self, func, call) {
            let target = started.what;
            let facts = world.func(func);
            Self::flow_to_handler(world, func, call, target, out);
            let mut values: SmallVec<[Origin; 4]> = SmallVec::new();
            let args = call.args.iter().find(|it| it.name().is_some_and(|it| it == "args"));
            match args.map(|it| it.value) {
                Some(Origin::Alloc(id)) => {
                    values.extend(facts.allocs[id as usize].elems.iter().copied());
                }
                Some(_) => {}
                None => {
                    let after = call.args.iter().skip_while(|it| it.value != target).skip(1);
                    values.extend(
                        after.take_while(|it| it.how == Passed::Position).map(|it| it.value),
                    );
                }
            }
            // `start_new_thread(f, (a, b))`, `Thread(None, f, None, (a, b))`.
            if let [.., Origin::Alloc(id)] = values.as_slice()
                && args.is_none()
                && facts.allocs[*id as usize].kind == Container::Tuple
            {
                values = facts.allocs[*id as usize].elems.iter().copied().collect();
            }
            let mut runs: Vec<Run> = Vec::new();
            for ty in self.of(world, func, target) {
                match ty {
                    Ty::Func(it) => runs.push((it, 0, values.clone())),
                    Ty::Method(it) => runs.push((it, 1, values.clone())),
                    Ty::External(name, (made_in, made))
                        if name == "functools.partial" && made_in == func =>
                    {
                        let partial = &facts.calls[made as usize];
                        let Some(inner) = partial.args.first() else { continue };
                        let bound: SmallVec<[Origin; 4]> =
                            partial.args.iter().skip(1).map(|it| it.value).collect();
                        for (it, offset) in self.targets(world, func, inner.value) {
                            runs.push((it, offset, bound.clone()));
                        }
                    }
                    _ => {}
                }
            }
            for (run, offset, values) in runs {
                for (slot, value) in (offset..).zip(values) {
                    let types = self.of(world, func, value);
                    push(out, Node::Param(run, slot), types);
                }
            }
        }
    }

    /// A request handler sees its server.
    pub(super) fn flow_to_handler(
        world: &World,
        func: FuncGid,
        call: &crate::domain::Call,
        handler: Origin,
        out: &mut Additions,
    ) {
        let Some(Entity::Class(server)) = world.entity(func, call.callee) else { return };
        let back = crate::program::threads::served(world, server).and_then(|it| it.back.as_ref());
        if let (Some(Entity::Class(handler)), Some(name)) = (world.entity(func, handler), back) {
            out.push((
                Node::Attr(handler, Name::new(name)),
                SmallVec::from_iter([Ty::Instance(server)]),
            ));
        }
    }

    /// `xs.append(x)`, `q.put(x)`: `x` is an element.
    pub(super) fn flow_append(
        &self,
        world: &World,
        func: FuncGid,
        call: &crate::domain::Call,
        out: &mut Additions,
    ) {
        let Origin::Place(place) = call.callee else { return };
        let place = &world.func(func).places[place as usize];
        let Some(Step::Attr(name)) = place.path.last() else { return };
        let value = match name.as_str() {
            "insert" | "setdefault" => call.args.get(1),
            name if stores_argument(name) => call.args.first(),
            _ => return,
        };
        let Some(value) = value else { return };
        let types = self.of(world, func, value.value);
        if types.is_empty() {
            return;
        }
        let receiver =
            Place { base: place.base.clone(), path: place.path[..place.path.len() - 1].into() };
        for holder in self.place(world, func, &receiver) {
            if let Some(site) = holder.container() {
                out.push((Node::Elem(site), types.clone()));
            }
        }
    }

    /// The node a store into a place goes to.
    pub(super) fn target(&self, world: &World, func: FuncGid, place: &Place) -> Option<Node> {
        match (&place.base, place.path.as_slice()) {
            (Base::SelfObj | Base::Cls, [Step::Attr(name)]) => {
                world.class_of(func).map(|it| Node::Attr(it, name.clone()))
            }
            (Base::Cell(owner, name), []) => {
                Some(Node::Cell(world.func_gid(world.module_of(func), *owner), name.clone()))
            }
            (Base::Global(name), []) => Some(Node::Global(world.module_of(func), name.clone())),
            (_, [front @ .., Step::Attr(name)]) => {
                let holder = Place { base: place.base.clone(), path: front.into() };
                if let Some(Entity::Module(module)) = world.place_entity(func, &holder) {
                    return Some(Node::Global(module, name.clone()));
                }
                self.place(world, func, &holder).into_iter().find_map(|it| match it {
                    Ty::Instance(class) | Ty::Class(class) => Some(Node::Attr(class, name.clone())),
                    _ => None,
                })
            }
            _ => None,
        }
    }
}

pub(super) fn push(out: &mut Additions, node: Node, types: Types) {
    if !types.is_empty() {
        out.push((node, types));
    }
}

//! Lowers what is held for a while: `with`, `acquire()` and `release()`, exit stacks, the two sides of readers-writer
//! locks. Whether it is a lock is decided later, by what it may be.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;
use smallvec::SmallVec;

use super::branches::mentions;
use super::frame::{Frame, MAX_IN_FORCE, to_u32};
use super::lower::Lowerer;
use crate::domain::{Mode, NONE, Origin, Region, SiteId};

/// Something that is being entered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    what: Origin,
    site: SiteId,
    is_async: bool,
    mode: Mode,
}

impl Taken {
    pub(super) fn region(self, held: u32, enter: u32, in_loop: u32) -> Region {
        let Taken { what, site, is_async, mode } = self;
        Region { what, site, is_async, mode, held, in_loop, enter, exit: NONE }
    }
}

/// What a method without a result does to its receiver.
enum Verb {
    Takes(Mode),
    Gives,
}

/// Methods by which locks are taken and given back, on the standard library's locks and on those people write.
fn verb(call: &ast::ExprCall, method: &str) -> Option<Verb> {
    Some(match method {
        "acquire" | "acquire_lock" => {
            Verb::Takes(if is_trial(&call.arguments) { Mode::Tries } else { Mode::Waits })
        }
        "release" | "release_lock" => Verb::Gives,
        _ if !call.arguments.is_empty() => return None,
        "lock" | "wlock" | "acquire_write" | "write_acquire" | "w_acquire"
        | "acquire_write_lock" => Verb::Takes(Mode::Waits),
        "rlock" | "acquire_read" | "read_acquire" | "r_acquire" | "acquire_read_lock" => {
            Verb::Takes(Mode::Reads)
        }
        "unlock" | "wunlock" | "runlock" | "release_write" | "write_release" | "w_release"
        | "release_read" | "read_release" | "r_release" | "release_write_lock"
        | "release_read_lock" => Verb::Gives,
        _ => return None,
    })
}

/// `acquire(False)`, `acquire(blocking=False)`, `acquire(timeout=1)`: it may come back without the lock.
fn is_trial(arguments: &ast::Arguments) -> bool {
    let is_true = |it: &Expr| matches!(it, Expr::BooleanLiteral(it) if it.value);
    arguments.args.iter().any(|it| !is_true(it))
        || arguments.keywords.iter().any(|it| !is_true(&it.value))
}

impl Frame {
    /// Enters a region; returns its index.
    pub(crate) fn enter(&mut self, taken: Taken) -> u32 {
        let id = to_u32(self.facts.regions.len());
        let (held, enter) = (self.held_now(), self.tick());
        let in_loop = self.loops.last().copied().unwrap_or(NONE);
        self.facts.regions.push(taken.region(held, enter, in_loop));
        if to_u32(self.held.len()) < MAX_IN_FORCE {
            self.held.push(id);
        }
        id
    }

    /// Leaves a region.
    pub(crate) fn leave(&mut self, region: u32) {
        let exit = self.tick();
        self.held.retain(|it| *it != region);
        self.facts.regions[region as usize].exit = exit;
    }

    /// After branches: what all that go on hold.
    pub(crate) fn hold_common(&mut self, ends: &[SmallVec<[u32; 2]>]) {
        if let Some(first) = ends.first() {
            self.held = first
                .iter()
                .filter(|it| ends.iter().all(|end| end.contains(it)))
                .copied()
                .collect();
        }
    }
}

impl Lowerer<'_> {
    /// Expression statements are where locks are taken and given back.
    pub(super) fn expr_stmt(&mut self, value: &Expr) {
        if let Expr::Call(call) = value
            && let Expr::Attribute(func) = &*call.func
        {
            match verb(call, func.attr.as_str()) {
                Some(Verb::Takes(mode)) => {
                    let what = self.eval(&func.value).origin;
                    self.eval(value);
                    let site = self.site(value.range());
                    self.frame().enter(Taken { what, site, is_async: false, mode });
                    return;
                }
                Some(Verb::Gives) => {
                    let what = self.eval(&func.value).origin;
                    self.eval(value);
                    self.release(what);
                    return;
                }
                None if func.attr.as_str() == "enter_context" => {
                    self.enter_context(value, call, func);
                    return;
                }
                None => {}
            }
        }
        self.eval(value);
    }

    /// `stack.enter_context(lock)`: held until the stack's own `with` ends.
    fn enter_context(&mut self, value: &Expr, call: &ast::ExprCall, func: &ast::ExprAttribute) {
        let stack = self.eval(&func.value).origin;
        let what = call.arguments.args.first().map(|it| self.eval(it).origin).unwrap_or_default();
        self.eval(value);
        let site = self.site(value.range());
        let region = self.frame().enter(Taken { what, site, is_async: false, mode: Mode::Waits });
        self.frame().stacked.push((stack, region));
    }

    /// The lock that a call of `acquire` takes, when it takes it. The call itself is not evaluated here.
    pub(super) fn taken(&mut self, expr: &Expr) -> Option<Taken> {
        let Expr::Call(call) = expr else { return None };
        let Expr::Attribute(func) = &*call.func else { return None };
        if func.attr.as_str() != "acquire" {
            return None;
        }
        let what = self.eval(&func.value).origin;
        let mode = if is_trial(&call.arguments) { Mode::Tries } else { Mode::Waits };
        let site = self.site(expr.range());
        Some(Taken { what, site, is_async: false, mode })
    }

    fn release(&mut self, what: Origin) {
        let frame = self.frame();
        let found = frame
            .held
            .iter()
            .rev()
            .find(|it| frame.facts.regions[**it as usize].what == what)
            .copied();
        if let Some(region) = found {
            frame.leave(region);
        }
    }

    pub(super) fn with_stmt(&mut self, stmt: &ast::StmtWith) -> bool {
        let mut regions = SmallVec::<[(Origin, u32); 2]>::new();
        for item in &stmt.items {
            let mut val = self.eval(&item.context_expr);
            if let Some(lock) = self.optional_lock(&item.context_expr) {
                val.origin = lock;
            }
            self.frame().clock += 1;
            let site = self.site(item.context_expr.range());
            let what = val.origin;
            let taken = Taken { what, site, is_async: stmt.is_async, mode: Mode::Waits };
            regions.push((what, self.frame().enter(taken)));
            if let Some(target) = &item.optional_vars {
                self.assign(target, val);
            }
        }
        let suppresses =
            stmt.items.iter().any(|it| mentions(self.text, it.context_expr.range(), "suppress"));
        self.frame().caught += u32::from(suppresses);
        let exits = self.block(&stmt.body);
        self.frame().caught -= u32::from(suppresses);
        for (what, region) in regions.into_iter().rev() {
            let frame = self.frame();
            let of_stack = |it: &(Origin, u32)| it.0 == what && what != Origin::Unknown;
            let stacked: SmallVec<[u32; 2]> =
                frame.stacked.iter().filter(|it| of_stack(it)).map(|it| it.1).collect();
            frame.stacked.retain(|it| !of_stack(it));
            for region in stacked.into_iter().rev().chain([region]) {
                if frame.held.contains(&region) {
                    frame.leave(region);
                }
            }
        }
        exits
    }

    /// `lock or nullcontext()`, `lock if threaded else nullcontext()`: the lock, which is there when it matters.
    fn optional_lock(&mut self, expr: &Expr) -> Option<Origin> {
        let parts: SmallVec<[&Expr; 2]> = match expr {
            Expr::BoolOp(it) if it.op == ast::BoolOp::Or => it.values.iter().collect(),
            Expr::If(it) => [&*it.body, &*it.orelse].into_iter().collect(),
            _ => return None,
        };
        let nothing = |it: &&Expr| mentions(self.text, it.range(), "nullcontext");
        let lock = *parts.iter().find(|it| !nothing(it))?;
        let simple = matches!(lock, Expr::Name(_) | Expr::Attribute(_));
        (simple && parts.iter().any(nothing)).then(|| self.eval(lock).origin)
    }
}

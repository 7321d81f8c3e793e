//! Where a lock has to be held so that it guards a place: every access of the file, in blocks that do not touch.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::block::{self, Block};
use super::source::is_plain;
use super::{Around, calls};
use crate::diagnostic::Location;
use crate::evidence::{Access, PlaceKind};

/// A block, and the object in it whose place it is about: `self` of `self.hits`, nothing for a variable.
pub(super) struct Part<'a> {
    pub(super) block: Block<'a>,
    pub(super) range: TextRange,
    pub(super) holder: &'a str,
}

/// The blocks that hold the accesses, in order. `None` when one of the accesses is in another file, or in a place that
/// no `with` can go around.
pub(super) fn parts<'a>(
    around: &Around<'a>,
    name: &str,
    wanted: &dyn Fn(&Access<Location>) -> bool,
) -> Option<Vec<Part<'a>>> {
    let window = around.window;
    let mut sites: Vec<&Location> = Vec::new();
    let known = [&window.first, &window.last, &window.other];
    for it in known.into_iter().chain(&window.also).chain(&window.all) {
        if it.site.file != *around.path {
            return None;
        }
        if wanted(it) && !sites.contains(&&it.site) {
            sites.push(&it.site);
        }
    }
    // Too many to be named, and so to be mended together.
    if window.all.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    for range in spans(around, &sites)? {
        parts.push(part(around, name, range)?);
    }
    parts.sort_by_key(|it: &Part<'_>| (it.range.start(), std::cmp::Reverse(it.range.end())));
    let mut res: Vec<Part<'a>> = Vec::new();
    for it in parts {
        match res.last_mut() {
            Some(before) if before.range.contains_range(it.range) => {
                (before.holder == it.holder).then_some(())?;
            }
            Some(before) if joins(around, before, &it) => {
                *before = part(around, name, block::joined(before.range, it.range))?;
            }
            _ => res.push(it),
        }
    }
    Some(res)
}

/// The ranges of the accesses. What is a window in its function, and so must not be torn, is one range.
fn spans(around: &Around<'_>, sites: &[&Location]) -> Option<Vec<TextRange>> {
    let (window, source) = (around.window, &around.source);
    let ends = [source.range(&window.first.site)?, source.range(&window.last.site)?];
    let mut res = vec![block::joined(ends[0], ends[1])];
    let same =
        |a: &Location, b: &Location| a.function == b.function && a.function_line == b.function_line;
    for also in &window.also {
        let of_function = sites.iter().filter(|it| same(it, &also.site));
        let ranges: Option<Vec<TextRange>> = of_function.map(|it| source.range(it)).collect();
        let all = ranges?.into_iter().reduce(block::joined);
        res.extend(all);
    }
    for site in sites {
        let range = source.range(site)?;
        if !res.iter().any(|it| it.contains_range(range)) {
            res.push(range);
        }
    }
    Some(res)
}

fn part<'a>(around: &Around<'a>, name: &str, range: TextRange) -> Option<Part<'a>> {
    let source = &around.source;
    let block = block::around(source, range)?;
    let place = &*around.window.place.text;
    if calls::call_back(source, block)
        || block::leaves(block)
        || !block::runs(source, block, range, container(place))
    {
        return None;
    }
    let mut it = Holder { around, name, range, found: Vec::new() };
    for stmt in block {
        it.visit_stmt(stmt);
    }
    let holder = *it.found.first()?;
    let same = it.found.iter().all(|it| *it == holder);
    same.then_some(())?;
    Some(Part { block, range: block::range(block)?, holder })
}

/// Two blocks of one body with nothing between them that takes its time: they are one.
fn joins(around: &Around<'_>, a: &Part<'_>, b: &Part<'_>) -> bool {
    let source = &around.source;
    let Some(all) = source.siblings(block::joined(a.range, b.range)) else { return false };
    let between = |it: &&Stmt| it.start() >= a.range.end() && it.end() <= b.range.start();
    // The last statement may be around the second block, and end where it ends.
    let starts = |it: Block<'_>| (it.first().map(Ranged::start), it.last().map(Ranged::start));
    starts(all) == (starts(a.block).0, starts(b.block).1)
        && a.holder == b.holder
        && all.iter().filter(between).all(|it| !block::calls(source, std::slice::from_ref(it)))
}

/// `_cache` of `_cache[...]`.
pub(super) fn container(place: &str) -> &str {
    place.split('[').next().unwrap_or(place)
}

/// What the place hangs on, as each access within a range writes it.
struct Holder<'r, 'a> {
    around: &'r Around<'a>,
    name: &'r str,
    range: TextRange,
    found: Vec<&'a str>,
}

impl Visitor<'_> for Holder<'_, '_> {
    fn visit_expr(&mut self, it: &Expr) {
        let inside = self.range.contains_range(it.range());
        let of_variable = matches!(
            self.around.window.place.kind,
            PlaceKind::Global { .. } | PlaceKind::Cell { .. }
        );
        match it {
            Expr::Name(name) if of_variable && inside && name.id.as_str() == self.name => {
                self.found.push("");
            }
            Expr::Attribute(attr)
                if !of_variable
                    && inside
                    && attr.attr.as_str() == self.name
                    && is_plain(&attr.value) =>
            {
                self.found.push(self.around.source.slice(&*attr.value));
            }
            _ => {}
        }
        walk_expr(self, it);
    }
}

/// Whether a block runs a function that has another block in it: it would wait for itself.
pub(super) fn nests(around: &Around<'_>, parts: &[Part<'_>]) -> bool {
    let place = container(&around.window.place.text);
    let has_part = |it: &ruff_python_ast::StmtFunctionDef| {
        parts.iter().any(|part| it.range().contains_range(part.range))
    };
    parts.iter().any(|it| calls::reach(&around.source, it.block, place, &has_part))
}

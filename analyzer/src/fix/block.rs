//! Statements that go below a `with`: which they are, what they must not do there, and how they look.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged as _, TextRange, TextSize};

use super::source::Source;

/// Statements of one body, one after the other, alone on their lines.
pub(super) type Block<'a> = &'a [Stmt];

/// The text that a block takes.
pub(super) fn range(block: Block<'_>) -> Option<TextRange> {
    Some(TextRange::new(block.first()?.start(), block.last()?.end()))
}

/// The innermost block around a range.
pub(super) fn around<'a>(source: &Source<'a>, wanted: TextRange) -> Option<Block<'a>> {
    let alone = |it: &Block<'a>| {
        range(it).is_some_and(|it| {
            source.indentation(it.start()).is_some() && source.ends_line(it.end())
        })
    };
    source.bodies_around(wanted).into_iter().rev().find(alone)
}

/// How one more level is indented, beside what is indented like this.
pub(super) fn unit(indent: &str) -> &'static str {
    if indent.contains('\t') { "\t" } else { "    " }
}

/// Text with each line but the first moved to the right; the first stands behind its own indentation.
pub(super) fn moved(text: &str, by: &str) -> String {
    let mut res = String::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if number > 0 && !line.trim().is_empty() {
            res.push_str(by);
        }
        res.push_str(line);
    }
    res
}

/// A block below `header`, which has no colon; `None` where the text cannot be moved.
pub(super) fn below(source: &Source<'_>, block: Block<'_>, header: &str) -> Option<String> {
    let range = range(block)?;
    let indent = source.indentation(range.start())?;
    if !source.can_be_indented(range) {
        return None;
    }
    let (unit, end) = (unit(indent), source.line_ending());
    Some(format!("{header}:{end}{indent}{unit}{}", moved(source.slice(range), unit)))
}

/// Whether a lock is held around a range by a `with` of this very text. Where the finding is there all the same, another
/// one would mend nothing.
pub(super) fn is_below(source: &Source<'_>, range: TextRange, lock: &str) -> bool {
    let takes = |it: &Stmt| {
        let it = it.as_with_stmt()?;
        it.items.iter().any(|it| source.slice(&it.context_expr) == lock).then_some(())
    };
    source.innermost(range, takes).is_some()
}

/// Whether a statement waits for others or gives a value away in its middle.
pub(super) fn leaves(block: Block<'_>) -> bool {
    struct Leaves(bool);
    impl<'a> Visitor<'a> for Leaves {
        fn visit_stmt(&mut self, it: &'a Stmt) {
            let nested = matches!(it, Stmt::FunctionDef(_) | Stmt::ClassDef(_));
            self.0 |= matches!(it, Stmt::For(it) if it.is_async);
            self.0 |= matches!(it, Stmt::With(it) if it.is_async);
            if !nested {
                walk_stmt(self, it);
            }
        }

        fn visit_expr(&mut self, it: &'a Expr) {
            self.0 |= matches!(it, Expr::Await(_) | Expr::Yield(_) | Expr::YieldFrom(_));
            walk_expr(self, it);
        }
    }
    let mut it = Leaves(false);
    for stmt in block {
        it.visit_stmt(stmt);
    }
    it.0
}

/// Whether the block runs what stands at `at` by itself and at once: not a function that is defined there, not a
/// generator that somebody advances later. A loop that waits for the place to change must not hold its lock.
pub(super) fn runs(source: &Source<'_>, block: Block<'_>, at: TextRange, place: &str) -> bool {
    let mut it = Runs { source, at, place, later: false };
    for stmt in block {
        it.visit_stmt(stmt);
    }
    !it.later
}

struct Runs<'s> {
    source: &'s Source<'s>,
    at: TextRange,
    place: &'s str,
    later: bool,
}

impl<'a> Visitor<'a> for Runs<'_> {
    fn visit_stmt(&mut self, it: &'a Stmt) {
        let around = it.range().contains_range(self.at);
        self.later |= matches!(it, Stmt::FunctionDef(_) | Stmt::ClassDef(_));
        self.later |= around && matches!(it, Stmt::While(_)) && calls_others(self, it);
        walk_stmt(self, it);
    }

    fn visit_expr(&mut self, it: &'a Expr) {
        let kept = matches!(it, Expr::Lambda(_) | Expr::Generator(_));
        self.later |= kept && it.range().contains_range(self.at);
        if let Expr::Call(call) = it
            && let ([Expr::Generator(only)], []) =
                (&*call.arguments.args, &*call.arguments.keywords)
        {
            // `sum(x for x in it)` goes through it at once.
            self.visit_expr(&call.func);
            self.visit_expr(&only.elt);
            only.generators.iter().for_each(|it| self.visit_comprehension(it));
            return;
        }
        walk_expr(self, it);
    }
}

/// Whether a statement calls anything but methods of the place.
fn calls_others(runs: &Runs<'_>, stmt: &Stmt) -> bool {
    let mut it = Called { source: runs.source, place: runs.place, others: false };
    walk_stmt(&mut it, stmt);
    it.others
}

/// Whether there is any call in the statements.
pub(super) fn calls(source: &Source<'_>, block: Block<'_>) -> bool {
    let mut it = Called { source, place: "", others: false };
    for stmt in block {
        it.visit_stmt(stmt);
    }
    it.others
}

struct Called<'s> {
    source: &'s Source<'s>,
    place: &'s str,
    others: bool,
}

impl<'a> Visitor<'a> for Called<'_> {
    fn visit_expr(&mut self, it: &'a Expr) {
        if let Expr::Call(call) = it {
            let own = call.func.as_attribute_expr().is_some_and(|it| {
                !self.place.is_empty() && self.source.slice(&*it.value) == self.place
            });
            self.others |= !own;
        }
        walk_expr(self, it);
    }
}

/// The end of the last of two ranges from the beginning of the first.
pub(super) fn joined(a: TextRange, b: TextRange) -> TextRange {
    TextRange::new(a.start().min(b.start()), a.end().max(b.end()))
}

/// Where a new line may go above a statement: below the comments that belong to what is before it.
pub(super) fn line_above(source: &Source<'_>, stmt: TextSize) -> TextSize {
    let mut start = source.line_start(stmt);
    let indent = source.indentation(stmt).unwrap_or_default();
    loop {
        let Some(before) = start.checked_sub(TextSize::from(1)).map(|it| source.line_start(it))
        else {
            return start;
        };
        let line = source.slice(TextRange::new(before, start));
        if !line.trim_start_matches([' ', '\t']).starts_with('#')
            || !line.starts_with(indent)
            || line.get(indent.len()..).is_none_or(|it| !it.starts_with('#'))
        {
            return start;
        }
        start = before;
    }
}
